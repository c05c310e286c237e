"""Sending to a webhook."""

from __future__ import annotations

from fireflower.destinations.deliveries import Dead, Delivery, Outcome, Parked, Retry, Sent
from fireflower.destinations.http import Answer, Failure, post
from fireflower.destinations.nodes import Webhook
from fireflower.destinations.redaction import redacted
from fireflower.destinations.retry_after import retry_after
from fireflower.destinations.secret import Secret
from fireflower.destinations.signing import BadSecret, signed_headers
from fireflower.model.moments import SECOND

_AGAIN = frozenset({404, 408, 409, 421, 423, 425, 429})
"""Answers that may be another the next time. 404 too: while a receiver is deployed, its address is not there."""
_MEND = frozenset({401, 402, 403, 407, 410, 451})
"""Answers that stay the same until somebody mends the destination."""
_NEVER = frozenset({501, 505})


def send(delivery: Delivery, webhook: Webhook, now: int) -> Outcome:
    """One try. Receivers recognise a repetition by `webhook-id`, so that what may have been taken is tried again."""
    secrets = [secret.reveal() for secret in webhook.secrets]
    extra = {name: secret.reveal() for name, secret in webhook.headers}
    url = webhook.url.reveal() if isinstance(webhook.url, Secret) else webhook.url
    try:
        headers = signed_headers(delivery.key, now // SECOND, delivery.payload, secrets)
    except BadSecret as error:
        return Parked(f"a signing secret is not one: {error}")
    bad = next((name for name, value in extra.items() if not (value.isascii() and value.isprintable())), None)
    if bad:
        return Parked(f"the secret of the header {bad} has signs that no header can have")
    answer = post(
        url,
        {"Content-Type": "application/json", **extra, **headers},
        delivery.payload,
        timeout=webhook.timeout,
        allow_private=webhook.allow_private,
    )
    hidden = [*secrets, *extra.values(), *([url] if isinstance(webhook.url, Secret) else [])]
    return redacted(outcome_of(answer, now), hidden)


def outcome_of(answer: Answer | Failure, now: int) -> Outcome:
    """What an answer means for the delivery; docs/destinations.md has it as a table."""
    if isinstance(answer, Failure):
        return Parked(answer.reason) if answer.lasting else Retry(answer.reason)
    if 200 <= answer.status < 300:
        return Sent(f"HTTP {answer.status}")
    if 300 <= answer.status < 400:
        return Parked(
            f"HTTP {answer.status}: it leads elsewhere, and redirects are not followed. Put the new address in"
        )
    text = answer.text
    said = f"HTTP {answer.status}" + (f": {text}" if text else "")
    if answer.status in _MEND:
        return Parked(said)
    if answer.status in _AGAIN or (answer.status >= 500 and answer.status not in _NEVER):
        return Retry(said, retry_after(answer.headers, now))
    return Dead(said)
