"""Reading where a destination leads: `webhook`, `slack`, `email`, `file`. No fault repeats what may be a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from email.utils import parseaddr
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from fireflower.destinations import keys
from fireflower.destinations.addresses import is_public, literal
from fireflower.destinations.nodes import (
    Channel,
    Email,
    Encryption,
    JsonLines,
    SlackChannel,
    SlackWebhook,
    Smtp,
    Webhook,
)
from fireflower.destinations.payloads import is_address, is_trait
from fireflower.destinations.secret import Secret
from fireflower.destinations.wording import template_of
from fireflower.language.documents import ListNode, MapNode, Node, ScalarNode
from fireflower.language.places import Notes
from fireflower.language.trees import check_keys, choice_of, number_of, span_of, text_of, truth_of
from fireflower.model.errors import did_you_mean
from fireflower.model.moments import MINUTE, SECOND

_SECRET = re.compile(r"(env|file):(\S.*)")
_VARIABLE = re.compile(r"[A-Za-z_]\w*")
_HEADER = re.compile(r"[A-Za-z0-9-]+")
_OUR_HEADERS = frozenset({"host", "content-type", "content-length", "transfer-encoding", "connection"})
_ENCRYPTIONS: tuple[Encryption, ...] = ("starttls", "tls", "none")
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_LONGEST_TIMEOUT = 2 * MINUTE
_NONE = JsonLines("")


def channel_of(kind: str, node: Node, folder: str, notes: Notes) -> Channel:
    """What stands under `webhook`, `slack`, `email` or `file`. With faults noted, it is not to be used."""
    form = _form(node, keys.TABLES[kind], kind, notes)
    return _READERS[kind](form, _Reader(folder, notes)) if form is not None else _NONE


class _Reader:
    """The values that channels have in common."""

    def __init__(self, folder: str, notes: Notes) -> None:
        self.folder = folder
        self.notes = notes

    def needed(self, form: MapNode, key: str, what: str) -> Node | None:
        node = form.get(key)
        if node is None:
            self.notes.fault(form.place, f"{what} needs the key '{key}'.")
        return node

    def secret(self, node: Node | None, what: str) -> Secret | None:
        """Where a secret is kept; a fault, if it is written out, that does not repeat it."""
        if node is None:
            return None
        found = secret_in(node, self.folder)
        if found is None:
            variable = isinstance(node, ScalarNode) and node.text.lstrip().startswith("$")
            hint = " For an environment variable write env:NAME, without a $." if variable else ""
            self.notes.fault(
                node.place,
                f"{what} is a secret, and secrets do not stand in a project's files: expected env:NAME or file:PATH."
                f"{hint}",
            )
        return found

    def timeout(self, form: MapNode, usual: int) -> int:
        node = form.get("timeout")
        span = span_of(node, "a time-out", self.notes) if node is not None else None
        if node is not None and span is not None and not SECOND <= span <= _LONGEST_TIMEOUT:
            self.notes.fault(node.place, "expected a time-out between 1 second and 2 minutes.")
        return span or usual

    def private(self, form: MapNode) -> bool:
        node = form.get("allow_private")
        return node is not None and truth_of(node, "allow_private", self.notes)

    def url(self, node: Node, private: bool) -> str:
        """A URL of the web that says no secret and, as far as it can be told now, leads to a public address."""
        text = (
            text_of(node, "a URL such as https://example.com/hook", self.notes) if isinstance(node, ScalarNode) else ""
        )
        fault = _url_fault(text, private)
        if fault:
            self.notes.fault(node.place, fault)
        return text


# --- Each kind --------------------------------------------------------------------------------------------------------


def _webhook(form: MapNode, reader: _Reader) -> Channel:
    private = reader.private(form)
    node = reader.needed(form, "url", "a webhook")
    url: str | Secret = ""
    if node is not None:
        url = secret_in(node, reader.folder) or reader.url(node, private)
    return Webhook(
        url=url,
        secrets=tuple(_secrets(form, reader)),
        headers=tuple(_headers(form.get("headers"), reader)),
        timeout=reader.timeout(form, 15 * SECOND),
        allow_private=private,
    )


def _secrets(form: MapNode, reader: _Reader) -> Iterator[Secret]:
    node = reader.needed(form, "secret", "a webhook")
    nodes = node.items if isinstance(node, ListNode) else [node] if node is not None else []
    if node is not None and not nodes:
        reader.notes.fault(node.place, "expected at least one signing secret.")
    for each in nodes:
        secret = reader.secret(each, "what signs a webhook")
        if secret is not None:
            yield secret


def _headers(node: Node | None, reader: _Reader) -> Iterator[tuple[str, Secret]]:
    if node is None:
        return
    if not isinstance(node, MapNode):
        reader.notes.fault(node.place, "expected headers as keys and secrets, such as Authorization: env:HOOK_TOKEN.")
        return
    for name, value in node.entries:
        if not _HEADER.fullmatch(name.text):
            reader.notes.fault(name.place, f"{name.text!r} is no name of a header.")
        elif name.text.lower() in _OUR_HEADERS or name.text.lower().startswith("webhook-"):
            reader.notes.fault(name.place, f"the header {name.text} is set by fireflower itself.")
        secret = reader.secret(value, "the value of a header")
        if secret is not None:
            yield name.text, secret


def _slack(form: MapNode, reader: _Reader) -> Channel:
    webhook, token, channel = (form.get(key) for key in ("webhook", "token", "channel"))
    timeout, private = reader.timeout(form, 15 * SECOND), reader.private(form)
    if (webhook is None) == (token is None):
        reader.notes.fault(form.place, "slack needs either 'webhook', or 'token' and 'channel'.")
    if webhook is not None:
        for key in ("channel", "api"):
            if form.get(key) is not None:
                reader.notes.fault(form.get(key).place, f"'{key}' goes with 'token'; a webhook has its channel.")  # type: ignore[union-attr]
        secret = reader.secret(webhook, "the URL of an incoming webhook")
        return SlackWebhook(secret, timeout, private) if secret is not None else _NONE
    if token is not None and channel is None:
        reader.notes.fault(form.place, "slack with a 'token' needs the key 'channel'.")
    secret = reader.secret(token, "the token of an app")
    name = text_of(channel, 'a channel such as "#leads"', reader.notes) if channel is not None else ""
    api = form.get("api")
    address = reader.url(api, private) if api is not None else "https://slack.com/api"
    return SlackChannel(secret, name, address, timeout, private) if secret is not None else _NONE


def _email(form: MapNode, reader: _Reader) -> Channel:
    to, sender, smtp, subject = (form.get(key) for key in ("to", "from", "smtp", "subject"))
    for key in ("to", "from", "smtp"):
        reader.needed(form, key, "email")
    return Email(
        to=tuple(_receivers(to, reader.notes)),
        sender=_sender(sender, reader.notes) if sender is not None else "",
        smtp=_smtp(smtp, reader) if smtp is not None else Smtp(""),
        subject=template_of(subject, "a subject line", reader.notes) if subject is not None else "",
    )


def _receivers(node: Node | None, notes: Notes) -> Iterator[str]:
    nodes = node.items if isinstance(node, ListNode) else [node] if node is not None else []
    if node is not None and not nodes:
        notes.fault(node.place, "expected at least one address.")
    for each in nodes:
        text = text_of(each, "an address such as sales@example.com, or a trait such as person.email", notes)
        if text and not is_address(text) and not is_trait(text):
            notes.fault(
                each.place,
                f"expected an address such as sales@example.com, or a trait such as person.email, got {text!r}.",
            )
        yield text


def _sender(node: Node, notes: Notes) -> str:
    text = text_of(node, "the sender's address", notes)
    if text and not (is_address(parseaddr(text)[1]) and text.isprintable()):
        notes.fault(node.place, f"expected an address such as 'Fireflower <ff@example.com>', got {text!r}.")
    return text


def _smtp(node: Node, reader: _Reader) -> Smtp:
    form = _form(node, keys.SMTP, "smtp", reader.notes)
    if form is None:
        return Smtp("")
    host, port, encryption, user, password = (form.get(key) for key in list(keys.SMTP)[:5])
    reader.needed(form, "host", "smtp")
    how = choice_of(encryption, _ENCRYPTIONS, "an encryption", reader.notes) if encryption is not None else None
    how = how or "starttls"
    if password is not None and user is None:
        reader.notes.fault(password.place, "a password needs a 'user'.")
    if password is not None and how == "none":
        reader.notes.fault(password.place, "without encryption everybody on the way can read the password.")
    return Smtp(
        host=text_of(host, "a server's name", reader.notes) if host is not None else "",
        port=_port(port, reader.notes) if port is not None else _PORTS[how],
        encryption=how,
        user=_user(user, reader),
        password=reader.secret(password, "a password"),
        timeout=reader.timeout(form, 30 * SECOND),
    )


def _user(node: Node | None, reader: _Reader) -> Secret | str:
    if node is None:
        return ""
    return secret_in(node, reader.folder) or text_of(node, "a user's name", reader.notes)


def _port(node: Node, notes: Notes) -> int:
    number = number_of(node, "a port", notes)
    if number is not None and not (number.is_integer() and 0 < number < 65_536):
        notes.fault(node.place, "expected a port between 1 and 65535.")
    return int(number or 0)


def _file(form: MapNode, reader: _Reader) -> Channel:
    node = reader.needed(form, "path", "file")
    path = text_of(node, "a path such as deliveries.jsonl", reader.notes) if node is not None else ""
    return JsonLines(str(Path(reader.folder) / path))


_READERS: dict[str, Callable[[MapNode, _Reader], Channel]] = {
    "webhook": _webhook,
    "slack": _slack,
    "email": _email,
    "file": _file,
}
KINDS = tuple(_READERS)
"""The keys of which a destination has exactly one."""


# --- Pieces -----------------------------------------------------------------------------------------------------------


def secret_in(node: Node, folder: str) -> Secret | None:
    """The secret that a value names; None if it names none."""
    match = _SECRET.fullmatch(node.text.strip()) if isinstance(node, ScalarNode) else None
    if match is None or (match[1] == "env" and not _VARIABLE.fullmatch(match[2])):
        return None
    kind: Literal["env", "file"] = "env" if match[1] == "env" else "file"
    return Secret(kind, match[2], folder if kind == "file" else "")


def _form(node: Node, known: Collection[str], what: str, notes: Notes) -> MapNode | None:
    """The node as a mapping with known keys. Its value is not repeated if it is something else: it may be a secret."""
    if not isinstance(node, MapNode):
        first = next(iter(known))
        notes.fault(
            node.place, f"expected {what} as keys and values, such as `{first}: ...`; its keys are {', '.join(known)}."
        )
        return None
    check_keys(node, known, what, notes)
    return node


def _url_fault(text: str, private: bool) -> str:
    """What speaks against a URL; "" if nothing does."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "this URL cannot be read. Expected one such as https://example.com/hook."
    if parts.scheme not in ("https", "http") or not host or not text.isprintable() or " " in text:
        return f"expected a URL that begins with https://.{did_you_mean(parts.scheme, ['https'])}"
    if not text.isascii():
        return "expected a URL in ASCII: other letters of a host are written as xn--.., those of a path as %C3%A4."
    if parts.username is not None or parts.password is not None:
        return "a URL with a user's name or password in it is a secret: put it into env:NAME or file:PATH."
    if not private:
        return _public_fault(parts, host)
    return ""


def _public_fault(parts: SplitResult, host: str) -> str:
    if parts.scheme == "http":
        return (
            "expected https://: what is sent by http:// can be read and changed on the way."
            " Inside your own network say `allow_private: true`."
        )
    address = literal(host)
    if (address is not None and not is_public(address)) or host == "localhost" or host.endswith(".localhost"):
        return f"{host} is no public address. If it is meant, say `allow_private: true`."
    return ""
