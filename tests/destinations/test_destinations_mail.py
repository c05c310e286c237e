"""E-mail, against real SMTP servers on this machine: aiosmtpd, and sockets that break off."""

from __future__ import annotations

import asyncio
import email
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from destinations.notices_sample import NOW, Memory, destination, notice

from fireflower.destinations import Dead, Delivery, Destination, Outcome, Parked, Retry, Sent, attempt, plan
from fireflower.destinations.nodes import Email, Smtp
from fireflower.destinations.secret import Secret
from fireflower.model.moments import SECOND

PASSWORD = Secret("env", "SMTP_PASSWORD")


class Mailbox:
    """What a server has been given, and what it answers."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.letters: list[tuple[list[str], EmailMessage]] = []

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if "DATA" in self.answers:
            return self.answers["DATA"]
        if "sleep" in self.answers:
            await asyncio.sleep(float(self.answers["sleep"]))
        self.letters.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=default)))
        return "250 queued as 42"


class Clerk:
    def __call__(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password == b"right-password"
        return AuthResult(success=right, handled=False)


@contextmanager
def post_office(mailbox: Mailbox, **settings: Any) -> Iterator[int]:
    controller = Controller(mailbox, hostname="127.0.0.1", port=0, **settings)
    with socket.create_server(("127.0.0.1", 0)) as free:
        controller.port = free.getsockname()[1]
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def letter_box(port: int, to: tuple[str, ...] = ("sales@example.com",), **settings: Any) -> Destination:
    usual = {"host": "127.0.0.1", "port": port, "encryption": "none", "timeout": 2 * SECOND}
    subject = settings.pop("subject", "")
    return destination("mail", Email(to, "Fireflower <ff@example.com>", Smtp(**{**usual, **settings}), subject))


def delivery(where: Destination, **changes: Any) -> Delivery:
    (found,) = plan(notice(**changes), [where], Memory(), NOW)
    assert isinstance(found, Delivery)
    return found


def tried(where: Destination) -> Outcome:
    return attempt(delivery(where), where, NOW)


# --- What is sent -----------------------------------------------------------------------------------------------------


def test_a_letter() -> None:
    mailbox = Mailbox()
    with post_office(mailbox) as port:
        where = letter_box(port, ("sales@example.com", "account.owner_email"))
        assert tried(where) == Sent("250 queued as 42")
        tried(where)
    (receivers, letter), (_, again) = mailbox.letters
    assert receivers == ["sales@example.com", "rep@example.com"]
    assert letter["Subject"] == "Acme & Söhne qualifies: Team ready to pay"
    assert letter["From"] == "Fireflower <ff@example.com>"
    assert letter["Message-ID"] == f"<{delivery(where).key}@example.com>" == again["Message-ID"]
    assert letter["Date"] == "Wed, 04 Mar 2026 14:30:00 +0000"
    text, html = letter.iter_parts()
    assert text.get_content().splitlines() == [
        "Acme & Söhne qualifies: Team ready to pay",
        "12 reports in the last 7 days, 3 colleagues, CRM not connected yet. Next: connect the CRM.",
        "plan: trial · employees: 120",
        "https://app.example.com/accounts/acme?a=1&b=2",
    ]
    assert "<strong>Acme &amp; Söhne qualifies" in html.get_content()
    assert '<a href="https://app.example.com/accounts/acme?a=1&amp;b=2">' in html.get_content()


def test_values_are_no_headers_and_no_markup() -> None:
    mailbox = Mailbox()
    with post_office(mailbox) as port:
        where = letter_box(port, subject="{{ name }}")
        told = delivery(where, traits={"name": "<script>\r\nBcc: evil@example.com"}, url="javascript:alert(1)")
        assert isinstance(attempt(told, where, NOW), Sent)
    ((receivers, letter),) = mailbox.letters
    assert receivers == ["sales@example.com"] and letter["Bcc"] is None
    assert letter["Subject"] == "<script> Bcc: evil@example.com"
    assert "<script>" not in letter.as_string().partition("text/html")[2]
    assert "javascript:" not in letter.as_string()


def test_names_and_addresses_in_any_letters() -> None:
    mailbox = Mailbox()
    with post_office(mailbox) as port:
        sender = "Jürgen <ff@example.com>"
        channel = letter_box(port).channel
        assert isinstance(channel, Email)
        for to, smtputf8 in (("sales@example.com", False), ("jürgen@example.com", True)):
            where = destination("mail", replace(channel, to=(to,), sender=sender))
            assert isinstance(attempt(delivery(where, traits={"name": "名" * 2000}), where, NOW), Sent)
            receivers, letter = mailbox.letters[-1]
            assert receivers == [to]
            assert str(letter["From"]).encode("utf-8", "surrogateescape").decode() == sender
            assert (b"j\xc3\xbcrgen@example.com" in letter.as_bytes()) == smtputf8
            assert max(map(len, letter.as_bytes().splitlines())) < 998


# --- What the server says ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "kind", "why"),
    [
        ({"DATA": "451 try later"}, Retry, "451 try later"),
        ({"DATA": "554 spam"}, Dead, "554 spam"),
        ({"sales@example.com": "450 greylisted"}, Retry, "not to sales@example.com: 450 greylisted"),
        ({"sales@example.com": "550 no such user"}, Dead, "not to sales@example.com: 550 no such user"),
        ({"MAIL": "452 full"}, Retry, "452 full"),
        ({"MAIL": "550 you not"}, Dead, "550 you not"),
    ],
)
def test_refusals(answers: dict[str, str], kind: type[Outcome], why: str) -> None:
    with post_office(Mailbox(**answers)) as port:
        found = tried(letter_box(port))
    assert type(found) is kind and getattr(found, "reason", "").endswith(why)


def test_one_of_two_is_refused_for_good() -> None:
    mailbox = Mailbox(**{"a@example.com": "550 gone"})
    with post_office(mailbox) as port:
        found = tried(letter_box(port, ("a@example.com", "b@example.com")))
    assert found == Sent("250 queued as 42; not to a@example.com: 550 gone")
    assert [receivers for receivers, _ in mailbox.letters] == [["b@example.com"]]


def test_one_of_two_is_refused_for_now_then_nobody_gets_it() -> None:
    mailbox = Mailbox(**{"a@example.com": "451 later"})
    with post_office(mailbox) as port:
        assert tried(letter_box(port, ("b@example.com", "a@example.com"))) == Retry("not to a@example.com: 451 later")
    assert mailbox.letters == []


@pytest.mark.parametrize(("password", "kind"), [("right-password", Sent), ("wrong-password", Parked)])
def test_a_user_with_a_password(password: str, kind: type[Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", password)
    settings = {"authenticator": Clerk(), "auth_require_tls": False}
    with post_office(Mailbox(), **settings) as port:
        found = tried(letter_box(port, user="ff", password=PASSWORD))
    assert type(found) is kind and password not in str(found)


def test_a_server_without_log_in_is_parked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "right-password")
    with post_office(Mailbox()) as port:
        assert isinstance(tried(letter_box(port, user="ff", password=PASSWORD)), Parked)


# --- Encryption -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> Any:
    import trustme

    return trustme.CA()


def tls_context(authority: Any, name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_encrypted(encryption: str, authority: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    mailbox = Mailbox()
    settings = {"tls_context" if encryption == "starttls" else "ssl_context": tls_context(authority)}
    with post_office(mailbox, **settings) as port:
        where = letter_box(port, host="localhost", encryption=encryption)
        found = tried(where)
        assert isinstance(found, Parked) and "certificate" in found.reason
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert isinstance(tried(where), Sent)
        found = tried(letter_box(port, host="127.0.0.1", encryption=encryption))
        assert isinstance(found, Parked) and "certificate" in found.reason
    assert len(mailbox.letters) == 1


def test_without_encryption_nothing_is_sent_unless_it_is_said() -> None:
    mailbox = Mailbox()
    with post_office(mailbox) as port:
        found = tried(letter_box(port, encryption="starttls"))
    assert isinstance(found, Parked) and "offers no STARTTLS" in found.reason and not mailbox.letters


# --- Servers that break off -------------------------------------------------------------------------------------------


@contextmanager
def broken(script: bytes, drip: float = 0.0) -> Iterator[int]:
    """A server that says its lines without listening, then hangs up; or drips them for ever."""

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                for i in range(len(script)) if drip else (slice(None),):
                    connection.sendall(script[i : i + 1] if isinstance(i, int) else script)
                    time.sleep(drip)
            except OSError:
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize(
    ("script", "kind"),
    [(b"", Retry), (b"220 hi\r\n", Retry), (b"421 busy\r\n", Retry), (b"554 not you\r\n", Dead),
     (b"SSH-2.0\r\n", Retry), (b"220 hi\r\n250 hello\r\n250 from\r\n250 to\r\n354 go\r\n", Retry)],
    ids=["at once", "after its greeting", "busy", "unwilling", "another protocol", "after the letter"],
)  # fmt: skip
def test_broken_off(script: bytes, kind: type[Outcome]) -> None:
    with broken(script) as port:
        assert type(tried(letter_box(port))) is kind


def test_a_server_that_drips_is_given_up() -> None:
    before = time.monotonic()
    with broken(b"220-" + b"x" * 60, drip=0.1) as port:
        assert tried(letter_box(port, timeout=SECOND)) == Retry("127.0.0.1: no answer in time")
    assert time.monotonic() - before < 5


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert tried(letter_box(port)) == Retry("127.0.0.1: Connection refused")


def test_a_server_that_is_slow_to_take_it() -> None:
    with post_office(Mailbox(sleep="1.5")) as port:
        assert tried(letter_box(port, timeout=SECOND)) == Retry("127.0.0.1: no answer in time")
