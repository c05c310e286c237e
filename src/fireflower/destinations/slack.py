"""Sending to Slack, by an incoming webhook or by `chat.postMessage`.

Slack cannot recognise a repetition. So what may have been taken is not sent again: a person looks into the channel
first.
"""

from __future__ import annotations

from fireflower.destinations.deliveries import Dead, Delivery, Outcome, Parked, Retry, Sent, Unsure
from fireflower.destinations.http import Answer, Failure, post
from fireflower.destinations.nodes import SlackChannel, SlackWebhook
from fireflower.destinations.payloads import is_trait
from fireflower.destinations.redaction import redacted
from fireflower.destinations.retry_after import retry_after

AGAIN = frozenset({
    "ratelimited", "rate_limited", "message_limit_exceeded", "service_unavailable", "team_added_to_org", "rollup_error",
})  # fmt: skip
"""Errors that pass by themselves."""
UNKNOWN = frozenset({"internal_error", "fatal_error", "request_timeout"})
"""Errors of which Slack says that the operation may have succeeded in part."""
MEND = frozenset({
    "access_denied", "account_inactive", "action_prohibited", "deprecated_endpoint", "ekm_access_denied",
    "enterprise_is_restricted", "invalid_auth", "invalid_token", "method_deprecated", "missing_scope",
    "no_active_hooks",
    "no_permission", "no_service", "no_service_id", "no_team", "not_allowed_token_type", "not_authed", "not_in_channel",
    "org_login_required", "posting_to_general_channel_denied", "restricted_action", "team_access_not_granted",
    "team_disabled", "token_expired", "token_revoked", "two_factor_setup_required",
})  # fmt: skip
"""Errors that last until a person mends the app, its token or its rights."""

ONE_CHANNEL = frozenset({"access_denied", "not_in_channel", "posting_to_general_channel_denied", "restricted_action"})
"""Of these, errors about one channel: where it is a trait, another subject's may be in order."""


def send(delivery: Delivery, channel: SlackWebhook | SlackChannel, now: int) -> Outcome:
    """One try."""
    by_webhook = isinstance(channel, SlackWebhook)
    secret = (channel.url if isinstance(channel, SlackWebhook) else channel.token).reveal()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    url = secret
    if isinstance(channel, SlackChannel):
        if not (secret.isascii() and secret.isprintable()) or " " in secret:
            return Parked(f"the secret {channel.token} is no token of Slack")
        headers["Authorization"] = f"Bearer {secret}"
        url = f"{channel.api.rstrip('/')}/chat.postMessage"
    answer = post(url, headers, delivery.payload, timeout=channel.timeout, allow_private=channel.allow_private)
    outcome = redacted(outcome_of(answer, now, by_webhook=by_webhook), [secret])
    if isinstance(channel, SlackChannel) and isinstance(outcome, Parked) and is_trait(channel.channel):
        return Dead(outcome.reason) if any(error in outcome.reason for error in ONE_CHANNEL) else outcome
    return outcome


def outcome_of(answer: Answer | Failure, now: int, *, by_webhook: bool) -> Outcome:
    """What an answer means for the delivery; docs/destinations.md has it as a table."""
    if isinstance(answer, Failure):
        if answer.taken:
            return Unsure(f"{answer.reason}: look whether the message is in Slack, then send it again or not")
        return Parked(answer.reason) if answer.lasting else Retry(answer.reason)
    if answer.status == 200:
        return _of_webhook(answer) if by_webhook else _of_api(answer, now)
    return _of_status(answer, now)


def _of_webhook(answer: Answer) -> Outcome:
    """An incoming webhook says "ok", or a word for what is wrong."""
    text = answer.text
    return Sent("ok") if text in ("ok", "") else _of_error(text, None)


def _of_api(answer: Answer, now: int) -> Outcome:
    told = answer.json()
    if not isinstance(told, dict) or "ok" not in told:
        return Unsure("Slack gave an answer that cannot be read: look whether the message is there")
    if told["ok"] is True:
        return Sent(f"message {told.get('ts', '?')} in {told.get('channel', '?')}")
    return _of_error(str(told.get("error", "no reason given")), retry_after(answer.headers, now))


def _of_status(answer: Answer, now: int) -> Outcome:
    told = answer.json()
    error = str(told.get("error", "")) if isinstance(told, dict) else answer.text
    if error in UNKNOWN:
        return _of_error(error, None)
    if answer.status == 429 or answer.status in (408, 500, 503):
        return Retry(_said(answer, error), retry_after(answer.headers, now))
    if answer.status >= 500:
        return Unsure(f"{_said(answer, error)}: look whether the message is in Slack, then send it again or not")
    if error in AGAIN | MEND:
        return _of_error(error, retry_after(answer.headers, now))
    if 300 <= answer.status < 400 or answer.status in (401, 403, 407):
        return Parked(_said(answer, error))
    return Dead(_said(answer, error))


def _of_error(error: str, after: float | None) -> Outcome:
    if error in AGAIN:
        return Retry(f"Slack: {error}", after)
    if error in UNKNOWN:
        return Unsure(f"Slack: {error}: look whether the message is there, then send it again or not")
    return Parked(f"Slack: {error}") if error in MEND else Dead(f"Slack: {error}")


def _said(answer: Answer, error: str) -> str:
    return f"Slack: HTTP {answer.status}" + (f": {error}" if error else "")
