"""Sending e-mail by SMTP.

The Message-ID is made from the delivery's key, so that mailboxes recognise a repetition. What may have been taken is
therefore tried again, as SMTP asks of its clients.
"""

from __future__ import annotations

import json
import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime, parseaddr
from typing import Any

from fireflower.destinations.deadline import Deadline
from fireflower.destinations.deliveries import Dead, Delivery, Outcome, Parked, Retry, Sent
from fireflower.destinations.nodes import Email, Smtp
from fireflower.destinations.redaction import hide, redacted
from fireflower.destinations.secret import Secret
from fireflower.model.moments import SECOND, to_datetime


class _Refused(Exception):
    """The server has said no: what that means for the delivery."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def send(delivery: Delivery, channel: Email, now: int) -> Outcome:
    """One try: nobody gets it, or everybody whom the server does not refuse for good."""
    smtp = channel.smtp
    password = smtp.password.reveal() if smtp.password else ""
    user = smtp.user.reveal() if isinstance(smtp.user, Secret) else smtp.user
    return redacted(_outcome(delivery, smtp, user, password, now), [password] if password else [])


def _outcome(delivery: Delivery, smtp: Smtp, user: str, password: str, now: int) -> Outcome:
    plan = json.loads(delivery.payload)
    message = message_of(plan, delivery.key, now)
    with Deadline(smtp.timeout / SECOND) as deadline:
        try:
            return _exchange(smtp, user, password, plan, message, deadline)
        except _Refused as refused:
            return refused.outcome
        except ssl.SSLCertVerificationError as error:
            return Parked(f"the certificate of {smtp.host} is not to be trusted: {error.verify_message}")
        except smtplib.SMTPNotSupportedError as error:
            return Parked(f"{smtp.host}: {hide(str(error), [password])}")
        except smtplib.SMTPAuthenticationError as error:
            text = hide(_text(error.smtp_code, error.smtp_error), [password, user])
            return _by_code(error.smtp_code, f"{smtp.host} refuses the user: {text}", lasting=Parked)
        except smtplib.SMTPResponseException as error:
            return _by_code(error.smtp_code, f"{smtp.host}: {_text(error.smtp_code, error.smtp_error)}")
        except (OSError, smtplib.SMTPException) as error:
            late = deadline.expired or isinstance(error, TimeoutError)
            return Retry(f"{smtp.host}: {'no answer in time' if late else _why(error)}")


def message_of(plan: dict[str, Any], key: str, now: int) -> EmailMessage:
    """The e-mail, with a part of text and one of HTML."""
    sender = parseaddr(plan["from"])[1]
    message = EmailMessage(policy=POLICY)
    message["From"] = plan["from"]
    message["To"] = ", ".join(plan["to"])
    message["Subject"] = plan["subject"]
    message["Date"] = format_datetime(to_datetime(now).replace(microsecond=0))
    message["Message-ID"] = f"<{key}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    # Not every server on the way takes eight bits or long lines.
    message.set_content(plan["text"], cte="quoted-printable")
    message.add_alternative(plan["html"], subtype="html", cte="quoted-printable")
    return message


# --- Talking to the server --------------------------------------------------------------------------------------------


def _exchange(
    smtp: Smtp, user: str, password: str, plan: dict[str, Any], message: EmailMessage, deadline: Deadline
) -> Outcome:
    server = _connected(smtp, deadline)
    try:
        _introduced(server, smtp, deadline)
        if user:
            server.login(user, password)
        refused = _envelope(server, plan)
        code, text = server.data(_as_bytes(message, plan))
        if code != 250:
            raise smtplib.SMTPDataError(code, text)
        return Sent(f"{_text(code, text)}{''.join(refused)}")
    finally:
        # No QUIT: the outcome is known, and a server that hangs now must not change it.
        server.close()


class _Watched(smtplib.SMTP):
    """A client that gives up when the time for everything is over, and not only a single wait."""

    def __init__(self, smtp: Smtp, deadline: Deadline, **settings: Any) -> None:
        self._deadline = deadline
        super().__init__(smtp.host, smtp.port, _own_name(), timeout=deadline.left(), **settings)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        self._deadline.watch(made)
        return made


class _WatchedTls(_Watched, smtplib.SMTP_SSL):
    pass


def _connected(smtp: Smtp, deadline: Deadline) -> smtplib.SMTP:
    if smtp.encryption == "tls":
        return _WatchedTls(smtp, deadline, context=ssl.create_default_context())
    return _Watched(smtp, deadline)


def _own_name() -> str:
    """How we introduce ourselves. (The library's own way asks a name server, and waits for it.)"""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _introduced(server: smtplib.SMTP, smtp: Smtp, deadline: Deadline) -> None:
    server.ehlo_or_helo_if_needed()
    if smtp.encryption == "starttls":
        if not server.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError("the server offers no STARTTLS; set `encryption:` to tls or none")
        server.starttls(context=ssl.create_default_context())
        deadline.watch(server.sock)
        server.ehlo()


def _envelope(server: smtplib.SMTP, plan: dict[str, Any]) -> list[str]:
    """Name sender and receivers; also the remarks about those who are refused for good.

    Raises
    ------
    _Refused
        If one of them is refused for now (nobody has got anything yet, so all can be tried again), or all for good.
    """
    options = [] if _is_ascii(plan) else _international(server)
    code, text = server.mail(parseaddr(plan["from"])[1], options)
    if code != 250:
        raise smtplib.SMTPSenderRefused(code, text, "")
    refused = []
    for receiver in plan["to"]:
        code, text = server.rcpt(receiver)
        if code not in (250, 251):
            refused.append((code, f"; not to {receiver}: {_text(code, text)}"))
    passing = [remark for code, remark in refused if code < 500]
    if passing:
        raise _Refused(Retry(passing[0].removeprefix("; ")))
    if len(refused) == len(plan["to"]):
        raise _Refused(Dead("".join(remark for _, remark in refused).removeprefix("; ")))
    return [remark for _, remark in refused]


def _is_ascii(plan: dict[str, Any]) -> bool:
    """Whether all addresses are; names beside them may be anything."""
    return all(parseaddr(address)[1].isascii() for address in (plan["from"], *plan["to"]))


def _as_bytes(message: EmailMessage, plan: dict[str, Any]) -> bytes:
    return message.as_bytes(policy=POLICY if _is_ascii(plan) else POLICY.clone(utf8=True))


def _international(server: smtplib.SMTP) -> list[str]:
    """What asks the server to take addresses beyond ASCII."""
    if not server.has_extn("smtputf8"):
        raise _Refused(Dead("the server takes no addresses with letters beyond ASCII"))
    server.command_encoding = "utf-8"
    return ["SMTPUTF8", "BODY=8BITMIME"]


def _by_code(code: int, reason: str, lasting: type[Parked] | type[Dead] = Dead) -> Outcome:
    """4xx passes, 5xx stays. -1: what came was no answer at all."""
    return lasting(reason) if code >= 500 else Retry(reason)


def _text(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", errors="replace") if isinstance(text, bytes) else text
    return " ".join(f"{code} {said}".split())


def _why(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "the name cannot be resolved"
    if isinstance(error, OSError) and error.strerror and not isinstance(error, smtplib.SMTPException):
        return error.strerror
    return "the connection was broken off"
