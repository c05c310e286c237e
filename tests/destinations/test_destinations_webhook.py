"""Webhooks: signatures that receivers can verify, and what each fault of a server means."""

from __future__ import annotations

import json
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from destinations.misbehaving import Behave, answer, cut, drip, flood, raw, serving, silence
from destinations.notices_sample import NOW, SECRET, Memory, destination, notice
from standardwebhooks import Webhook as Receiver
from standardwebhooks import WebhookVerificationError

from fireflower.destinations import Dead, Delivery, Destination, Outcome, Parked, Retry, Sent, attempt, plan
from fireflower.destinations.http import Answer
from fireflower.destinations.nodes import Webhook
from fireflower.destinations.redaction import redacted
from fireflower.destinations.secret import Secret
from fireflower.destinations.signing import BadSecret, key_in
from fireflower.destinations.webhook import outcome_of
from fireflower.model.moments import MINUTE, SECOND, from_datetime, to_datetime

OTHER = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setenv("OLD_SECRET", OTHER)
    monkeypatch.setenv("TOKEN", "Bearer s3cr3t-token")


def hook(url: str, **settings: object) -> Destination:
    usual = {"secrets": (Secret("env", "HOOK_SECRET"),), "timeout": SECOND, "allow_private": True}
    return destination("hook", Webhook(url, **{**usual, **settings}))  # type: ignore[arg-type]


def delivery(where: Destination) -> Delivery:
    (found,) = plan(notice(), [where], Memory(), NOW)
    assert isinstance(found, Delivery)
    return found


def tried(behave: Behave, now: int = NOW, **settings: object) -> Outcome:
    with serving(behave) as server:
        where = hook(server.url, **settings)
        return attempt(delivery(where), where, now)


# --- What is sent -----------------------------------------------------------------------------------------------------


def test_a_receiver_can_verify_it() -> None:
    now = from_datetime(datetime.now(UTC))
    with serving(answer()) as server:
        where = hook(server.url, secrets=(Secret("env", "HOOK_SECRET"), Secret("env", "OLD_SECRET")))
        assert isinstance(attempt(delivery(where), where, now), Sent)
    (request,) = server.requests
    for secret in (SECRET, OTHER):
        told = Receiver(secret).verify(request.body, request.headers)
        assert told["type"] == "qualification.entered"
        assert told["key"] == request.headers["webhook-id"] == delivery(where).key
    with pytest.raises(WebhookVerificationError):
        Receiver("whsec_" + "A" * 32).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Receiver(SECRET).verify(request.body + b" ", request.headers)


def test_a_repetition_has_the_same_id_and_body_and_a_new_time() -> None:
    with serving(answer("503 Busy")) as server:
        where = hook(server.url)
        assert isinstance(attempt(delivery(where), where, NOW), Retry)
        server.behave = answer()
        assert isinstance(attempt(delivery(where), where, NOW + MINUTE), Sent)
    first, second = server.requests
    assert first.body == second.body and first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 60


def test_what_goes_with_it() -> None:
    with serving(answer()) as server:
        where = hook(server.url + "?a=1&b=%20", headers=(("Authorization", Secret("env", "TOKEN")),))
        attempt(delivery(where), where, NOW)
    (request,) = server.requests
    assert request.target == "/hook?a=1&b=%20"
    assert request.headers["authorization"] == "Bearer s3cr3t-token"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["host"] == f"127.0.0.1:{server.port}"
    assert json.loads(request.body)["data"]["message"].startswith("Acme & Söhne qualifies: Team ready to pay\n")


@pytest.mark.parametrize(
    "text", ["whsec_hunter2", "whsec_!!!!!!!!!!!!!!!!!!!!!!", "hunter2hunter2 hunter2", "whsec_" + "A" * 100]
)
def test_a_bad_secret_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(BadSecret) as caught:
        key_in(text)
    assert text.removeprefix("whsec_") not in str(caught.value)


# --- What comes back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, Sent), (202, Sent), (204, Sent),
        (301, Parked), (302, Parked), (307, Parked), (308, Parked),
        (400, Dead), (405, Dead), (413, Dead), (422, Dead), (418, Dead), (501, Dead), (505, Dead),
        (401, Parked), (403, Parked), (410, Parked),
        (404, Retry), (408, Retry), (409, Retry), (425, Retry), (429, Retry),
        (500, Retry), (502, Retry), (503, Retry), (504, Retry), (529, Retry), (599, Retry),
    ],
)  # fmt: skip
def test_statuses(status: int, kind: type[Outcome]) -> None:
    assert type(outcome_of(Answer(status, {}, b""), NOW)) is kind


def test_an_answer_says_why() -> None:
    assert tried(answer("422 No", b'{"error":\n"no such field"}')) == Dead('HTTP 422: {"error": "no such field"}')


def test_retry_after_in_seconds() -> None:
    assert tried(answer("429 Slow", b"", Retry_After="17")) == Retry("HTTP 429", 17.0)


def test_retry_after_as_a_date() -> None:
    date = format_datetime(to_datetime(NOW) + timedelta(seconds=90), usegmt=True)
    assert tried(answer("503 Busy", b"", Retry_After=date)) == Retry("HTTP 503", 90.0)


@pytest.mark.parametrize("text", ["", "soon", "-5", "1e9", "Mon, 99 Foo 2026", "٣"])
def test_a_retry_after_that_says_nothing(text: str) -> None:
    found = outcome_of(Answer(429, {"retry-after": text}, b""), NOW)
    assert isinstance(found, Retry) and found.after is None


def test_redirects_are_not_followed() -> None:
    with serving(answer()) as elsewhere, serving(answer("302 Found", Location=elsewhere.url)) as server:
        where = hook(server.url)
        assert "redirect" in getattr(attempt(delivery(where), where, NOW), "reason", "")
        assert elsewhere.connections == 0


@pytest.mark.parametrize(
    ("behave", "why"),
    [
        (silence(3), "127.0.0.1 took the request and gave no answer in time"),
        (drip(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100, 0.1), "127.0.0.1 took the request and gave no answer in time"),
        (cut, "127.0.0.1 took the request and gave no answer: "),
        (raw(b""), "127.0.0.1 took the request and gave no answer: "),
        (raw(b"SSH-2.0-OpenSSH_9\r\n"), "127.0.0.1 took the request and gave no answer: "),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500), "127.0.0.1 took the request and gave no answer: "),
        (raw(b"HTTP/1.1 2000 OK\r\n\r\n"), "127.0.0.1 took the request and gave no answer: "),
    ],
    ids=["silence", "drip", "reset", "closed", "not http", "too many headers", "no status"],
)
def test_without_an_answer_it_is_tried_again(behave: Behave, why: str) -> None:
    """Receivers know a repetition by its id, so that being unsure is no reason not to repeat."""
    before = time.monotonic()
    found = tried(behave)
    assert isinstance(found, Retry) and found.reason.startswith(why)
    assert time.monotonic() - before < 2.5


@pytest.mark.parametrize(
    "behave",
    [
        flood,
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf"),
        drip(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 50, 0.03),
    ],
    ids=["endless", "half a body", "slow body"],
)
def test_a_status_counts_whatever_becomes_of_the_body(behave: Behave) -> None:
    before = time.monotonic()
    assert isinstance(tried(behave), Sent)
    assert time.monotonic() - before < 2.5


def test_nobody_there() -> None:
    with serving(answer()) as server:
        port = server.port
    where = hook(f"http://127.0.0.1:{port}/")
    found = attempt(delivery(where), where, NOW)
    assert found == Retry(f"no connection to 127.0.0.1 (127.0.0.1, port {port}): Connection refused")


def test_a_name_that_does_not_exist() -> None:
    where = hook("https://no-such-name.invalid/")
    found = attempt(delivery(where), where, NOW)
    assert isinstance(found, Retry) and found.reason.startswith("the name no-such-name.invalid ")


def test_a_secret_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOOK_SECRET")
    assert tried(answer()) == Parked(
        "the secret env:HOOK_SECRET is not set: put it into the environment variable HOOK_SECRET of the server."
    )


def test_a_secret_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", "whsec_hunter2!")
    found = tried(answer())
    assert isinstance(found, Parked) and "hunter2" not in found.reason


def test_a_secret_of_several_lines_is_no_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "a\r\nHost: evil")
    found = tried(answer(), headers=(("Authorization", Secret("env", "TOKEN")),))
    assert found == Parked("the secret of the header Authorization has signs that no header can have")


def test_what_the_server_repeats_of_our_secrets_is_not_kept() -> None:
    found = tried(
        answer("401 No", b"bad token Bearer s3cr3t-token / s3cr3t-token, " + SECRET.encode()),
        headers=(("Authorization", Secret("env", "TOKEN")),),
    )
    assert found == Parked("HTTP 401: bad token *** / ***, ***")


def test_what_the_server_repeats_of_a_secret_url_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answer("400 No", b"unknown: /hooks/T0/hunter2hunter2?key=hunter3hunter3 (hunter2hunter2)")) as server:
        url = server.url.removesuffix("/hook") + "/hooks/T0/hunter2hunter2?key=hunter3hunter3"
        monkeypatch.setenv("HOOK_URL", url)
        where = hook("")
        where = replace(where, channel=replace(where.channel, url=Secret("env", "HOOK_URL")))
        assert attempt(delivery(where), where, NOW) == Dead("HTTP 400: unknown: /*** (***)")


@pytest.mark.parametrize(
    "url", ["https://u:hunter2@e.invalid/", "https://ä.invalid/", "https://e.invalid/a b", "hunter2"]
)
def test_a_secret_url_that_cannot_be_used(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_URL", url)
    where = hook("")
    where = replace(where, channel=replace(where.channel, url=Secret("env", "HOOK_URL")))
    found = attempt(delivery(where), where, NOW)
    assert isinstance(found, Parked) and "hunter2" not in found.reason


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> object:
    import trustme

    return trustme.CA()


def tls_context(authority: object, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)  # type: ignore[attr-defined]
    return context


def tried_over_tls(context: ssl.SSLContext) -> tuple[Outcome, int]:
    with serving(answer(), context) as server:
        where = hook(f"https://localhost:{server.port}/")
        return attempt(delivery(where), where, NOW), len(server.requests)


def test_tls_of_a_trusted_name(authority: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is verified although the connection goes to an address."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")  # type: ignore[attr-defined]
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    assert tried_over_tls(tls_context(authority, "localhost")) == (Sent("HTTP 200"), 1)
    outcome, requests = tried_over_tls(tls_context(authority, "evil.example"))
    assert isinstance(outcome, Parked) and "certificate" in outcome.reason and requests == 0


def test_tls_of_nobody_we_trust(authority: object) -> None:
    outcome, requests = tried_over_tls(tls_context(authority, "localhost"))
    assert isinstance(outcome, Parked) and "not to be trusted" in outcome.reason and requests == 0


def test_tls_with_somebody_who_speaks_none() -> None:
    with serving(answer()) as server:
        where = hook(f"https://127.0.0.1:{server.port}/")
        assert isinstance(attempt(delivery(where), where, NOW), Retry)


def test_a_long_secret_that_comes_back_is_hidden_before_the_answer_is_cut() -> None:
    token = "eyJ" + "abcdEFGH0123" * 60
    body = f"{'x' * 150} invalid credentials: Bearer {token} was not taken".encode()
    said = redacted(outcome_of(Answer(401, {}, body), 0), [token])
    assert isinstance(said, Parked) and "eyJ" not in said.reason and "Bearer ***" in said.reason
    assert len(redacted(outcome_of(Answer(400, {}, b"y" * 9_000), 0), [token]).reason) <= 240
