"""Slack: what it is sent, and what each of its answers means. It cannot recognise a repetition."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from destinations.misbehaving import Behave, answer, cut, drip, raw, serving, silence
from destinations.notices_sample import NOW, Memory, destination, notice

from fireflower.destinations import Dead, Delivery, Destination, Outcome, Parked, Retry, Sent, Unsure, attempt, plan
from fireflower.destinations.nodes import SlackChannel, SlackWebhook
from fireflower.destinations.secret import Secret
from fireflower.model.moments import SECOND

TOKEN = "xoxb-1234-secret"


def channel(url: str) -> Destination:
    api = SlackChannel(Secret("env", "SLACK_TOKEN"), "#leads", url.removesuffix("/hook"), SECOND, True)
    return destination("slack", api)


def webhook() -> Destination:
    return destination("slack", SlackWebhook(Secret("env", "SLACK_URL"), SECOND, True))


def delivery(where: Destination) -> Delivery:
    (found,) = plan(notice(), [where], Memory(), NOW)
    assert isinstance(found, Delivery)
    return found


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_TOKEN", TOKEN)


def by_api(behave: Behave) -> Outcome:
    with serving(behave) as server:
        where = channel(server.url)
        return attempt(delivery(where), where, NOW)


def by_webhook(behave: Behave, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    with serving(behave) as server:
        monkeypatch.setenv("SLACK_URL", server.url)
        return attempt(delivery(webhook()), webhook(), NOW)


def ok(**told: object) -> Behave:
    return answer(body=json.dumps(told).encode())


# --- What is sent -----------------------------------------------------------------------------------------------------


def test_a_message_in_blocks_and_as_text() -> None:
    with serving(ok(ok=True, ts="1.2", channel="C1")) as server:
        where = channel(server.url)
        assert attempt(delivery(where), where, NOW) == Sent("message 1.2 in C1")
    (request,) = server.requests
    assert request.target == "/chat.postMessage"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    told = json.loads(request.body)
    assert told["channel"] == "#leads"
    section, context = told["blocks"]
    assert section["text"]["text"] == (
        "*Acme &amp; Söhne qualifies: Team ready to pay*\n"
        "12 reports in the last 7 days, 3 colleagues, CRM not connected yet. Next: connect the CRM."
    )
    assert section["text"]["verbatim"] is True
    assert context["elements"][0]["text"] == (
        "plan: trial · employees: 120 · <https://app.example.com/accounts/acme?a=1&amp;b=2|Open>"
    )
    assert "12 reports in the last 7 days" in told["text"]
    assert delivery(where).key in request.body.decode()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<!channel> hi", "&lt;!channel&gt; hi"),
        ("<https://evil.example|Click>", "&lt;https://evil.example|Click&gt;"),
        ("a\n>quote\r\n*bold*", "a &gt;quote \u200b*\u200bbold\u200b*\u200b"),
        ("snake_case_name", "snake_case_name"),
        ("`x` ~y~ _z_", "\u200b`\u200bx\u200b`\u200b \u200b~\u200by\u200b~\u200b \u200b_\u200bz\u200b_\u200b"),
        ("\u202eevil\x00\x07", "evil"),
    ],
)
def test_values_stay_text(name: str, shown: str) -> None:
    where = destination("slack", SlackWebhook(Secret("env", "SLACK_URL")), message="Hello {{ name }}!")
    (found,) = plan(notice(traits={"name": name}), [where], Memory(), NOW)
    assert isinstance(found, Delivery)
    assert json.loads(found.payload)["blocks"][0]["text"]["text"] == f"Hello {shown}!"


def test_no_message_is_longer_than_slack_takes() -> None:
    where = destination("slack", SlackWebhook(Secret("env", "U")), message="{{ name }}" * 10)
    for told in (notice(traits={"name": "x" * 5000}), notice(traits={"name": "<" * 5000}, next_step="y" * 5000)):
        for place in (where, destination("slack", where.channel)):
            (found,) = plan(told, [place], Memory(), NOW)
            assert isinstance(found, Delivery)
            for block in json.loads(found.payload)["blocks"]:
                assert len(json.dumps(block)) < 3_200


# --- What comes back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("ratelimited", Retry), ("service_unavailable", Retry),
        ("invalid_auth", Parked), ("token_revoked", Parked), ("account_inactive", Parked), ("not_in_channel", Parked),
        ("missing_scope", Parked), ("token_expired", Parked),
        ("channel_not_found", Dead), ("is_archived", Dead), ("msg_too_long", Dead), ("something_new", Dead),
        ("fatal_error", Unsure), ("internal_error", Unsure),
    ],
)  # fmt: skip
def test_errors_of_the_api(error: str, kind: type[Outcome]) -> None:
    found = by_api(ok(ok=False, error=error))
    assert type(found) is kind and error in getattr(found, "reason", "")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("200 OK", b"ok", Sent), ("400 Bad", b"invalid_payload", Dead), ("403 No", b"action_prohibited", Parked),
        ("403 No", b"invalid_token", Parked), ("404 No", b"channel_not_found", Dead), ("404 No", b"no_service", Parked),
        ("410 Gone", b"channel_is_archived", Dead), ("500 Oops", b"rollup_error", Retry), ("429 Slow", b"", Retry),
        ("302 Found", b"", Parked), ("504 Late", b"", Unsure), ("502 Gone", b"", Unsure),
        ("500 Oops", b"internal_error", Unsure), ("503 Later", b"", Retry), ("200 OK", b"no_team", Parked),
    ],
)  # fmt: skip
def test_answers_of_a_webhook(status: str, body: bytes, kind: type[Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    found = by_webhook(answer(status, body), monkeypatch)
    assert type(found) is kind and "127.0.0.1" not in str(found)


def test_too_fast() -> None:
    assert by_api(answer("429 Slow", b"", Retry_After="30")) == Retry("Slack: HTTP 429", 30.0)
    limited = answer(body=b'{"ok":false,"error":"ratelimited"}', Retry_After="12")
    assert by_api(limited) == Retry("Slack: ratelimited", 12.0)


@pytest.mark.parametrize(
    "behave",
    [silence(3), cut, raw(b""), drip(b"HTTP/1.1 200 OK\r\n" + b"x" * 99, 0.05), answer(body=b"<html>proxy</html>"),
     raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"ok\":tr")],
    ids=["silence", "reset", "closed", "drip", "not json", "half an answer"],
)  # fmt: skip
def test_what_may_have_been_taken_is_not_repeated(behave: Behave) -> None:
    found = by_api(behave)
    assert isinstance(found, Unsure) and "look whether the message is" in found.reason


def test_what_was_not_sent_is_tried_again() -> None:
    with serving(answer()) as server:
        where = channel(server.url)
    assert isinstance(attempt(delivery(where), where, NOW), Retry)


def test_the_token_is_never_told() -> None:
    found = by_api(ok(ok=False, error=f"bad {TOKEN}"))
    assert found == Dead("Slack: bad ***")
    assert TOKEN not in repr(channel("http://x")) and TOKEN not in delivery(channel("http://x")).payload.decode()


def test_the_address_of_a_webhook_is_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_URL", "https://hooks.slack.invalid/services/T0/B0/hunter2")
    assert "hunter2" not in str(attempt(delivery(webhook()), webhook(), NOW))
    monkeypatch.setenv("SLACK_URL", "not a url hunter2 [")
    assert "hunter2" not in str(attempt(delivery(webhook()), webhook(), NOW))


@pytest.mark.parametrize(("error", "kind"), [("not_in_channel", Dead), ("token_revoked", Parked)])
def test_one_channel_that_a_trait_names_does_not_stop_all_others(error: str, kind: type[Outcome]) -> None:
    with serving(ok(ok=False, error=error)) as server:
        api = SlackChannel(
            Secret("env", "SLACK_TOKEN"), "account.owner_slack_id", server.url.removesuffix("/hook"), SECOND, True
        )
        told = replace(notice(), traits={"owner_slack_id": "C0123456789"})
        (found,) = plan(told, [destination("slack", api)], Memory(), NOW)
        assert isinstance(found, Delivery)
        assert type(attempt(found, destination("slack", api), NOW)) is kind
