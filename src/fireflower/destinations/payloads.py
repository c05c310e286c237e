"""What goes over the wire, as JSON: made once when planned, the same at each try, without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from fireflower.destinations.escaping import cut, for_html, for_slack, plain
from fireflower.destinations.messages import Message, message_of, safe_url
from fireflower.destinations.nodes import Destination, Email, JsonLines, SlackChannel, SlackWebhook, Webhook
from fireflower.destinations.notices import Fact, Notice
from fireflower.model.moments import iso

LONGEST_SECTION = 3_000
"""Characters that Slack takes in one section of a message."""
LONGEST_SUBJECT = 200
_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@[^@\s<>,;:\"()\[\]\\]{1,255}")
_TRAIT = re.compile(r"(person|account)\.[\w. -]+")


class Unaddressed(Exception):
    """Nobody to send it to: the text says which trait is missing."""


def payload_of(notice: Notice, destination: Destination, key: str) -> bytes:
    """What will be sent.

    Raises
    ------
    Unaddressed
        If a trait that holds the address is missing.
    """
    channel = destination.channel
    if isinstance(channel, Webhook | JsonLines):
        return _json(_event(notice, destination, key))
    if isinstance(channel, Email):
        return _json(_mail(notice, destination, channel))
    return _json(_slack(notice, destination, channel, key))


def _json(value: Any) -> bytes:
    """UTF-8. What JSON cannot hold is written as text; a lone surrogate becomes a question mark."""
    text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"), default=str)
    return text.encode("utf-8", errors="replace")


def _finite(value: Any) -> Any:
    """NaN and the infinities are no JSON: they are missing values."""
    if isinstance(value, float) and value - value != 0:
        return None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


# --- Webhook and file -------------------------------------------------------------------------------------------------


def _event(notice: Notice, destination: Destination, key: str) -> dict[str, Any]:
    """The document that programs read. docs/destinations.md describes it."""
    return {
        "type": f"qualification.{notice.change}",
        "timestamp": iso(notice.at),
        "key": key,
        "data": {
            "id": notice.id,
            "definition": {"name": notice.definition, "title": notice.title or notice.definition, "kind": notice.kind},
            "subject": {"kind": notice.subject_kind, "id": notice.subject, "name": notice.name},
            "change": notice.change,
            "reason": notice.reason,
            "at": iso(notice.at),
            "known_at": iso(notice.known_at),
            "retracts": notice.retracts or None,
            "evidence": [_fact(fact) for fact in notice.evidence],
            "traits": dict(notice.traits),
            "next_step": notice.next_step or None,
            "url": safe_url(notice.url) or None,
            "message": message_of(notice, destination.message).text,
        },
    }


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "says": fact.says,
        "condition": fact.condition,
        "holds": fact.holds,
        "value": fact.value,
        "bound": fact.bound,
        "since": iso(fact.since),
        "tipped_by": fact.tipped_by or None,
    }


# --- Slack ------------------------------------------------------------------------------------------------------------


def _slack(notice: Notice, destination: Destination, channel: SlackWebhook | SlackChannel, key: str) -> dict[str, Any]:
    message = message_of(notice, destination.message, for_slack)
    body: dict[str, Any] = {
        "text": cut(message.text, LONGEST_SECTION),
        "blocks": list(_blocks(message)),
        "unfurl_links": False,
        "unfurl_media": False,
    }
    if isinstance(channel, SlackChannel):
        body["channel"] = _address(channel.channel, notice)
        body["metadata"] = {"event_type": "fireflower_notice", "event_payload": {"key": key, "notice": notice.id}}
    return body


def _blocks(message: Message) -> Iterator[dict[str, Any]]:
    headline = f"*{message.headline}*" if message.headline else ""
    text = "\n".join(part for part in (headline, message.body) if part) or " "
    yield {"type": "section", "text": _mrkdwn(text)}
    link = f"<{message.url.replace('&', '&amp;')}|Open>" if message.url else ""
    beside = " · ".join(part for part in (message.about, link) if part)
    if beside:
        yield {"type": "context", "elements": [_mrkdwn(beside)]}


def _mrkdwn(text: str) -> dict[str, Any]:
    """`verbatim`: addresses and names in it are not made into links and mentions."""
    return {"type": "mrkdwn", "text": cut(text, LONGEST_SECTION), "verbatim": True}


# --- E-mail -----------------------------------------------------------------------------------------------------------


def _mail(notice: Notice, destination: Destination, channel: Email) -> dict[str, Any]:
    message = message_of(notice, destination.message)
    subject = message_of(notice, channel.subject).body if channel.subject else message_of(notice, "").headline
    return {
        "to": [address_in(_address(to, notice), to) for to in channel.to],
        "from": channel.sender,
        "subject": cut(plain(subject), LONGEST_SUBJECT),
        "text": message.text + "\n",
        "html": _html(message),
    }


def _html(message: Message) -> str:
    """Simple enough for every reader of mail: paragraphs, one of them strong, one a link."""
    parts = [f"<p><strong>{for_html(message.headline)}</strong></p>"] if message.headline else []
    parts += [f"<p>{_lines(paragraph)}</p>" for paragraph in message.body.split("\n\n") if paragraph.strip()]
    if message.about:
        parts.append(f'<p style="color:#666">{for_html(message.about)}</p>')
    if message.url:
        parts.append(f'<p><a href="{for_html(message.url)}">{for_html(message.url)}</a></p>')
    return f'<!doctype html><html><head><meta charset="utf-8"></head><body>{"".join(parts)}</body></html>'


def _lines(paragraph: str) -> str:
    return "<br>".join(for_html(line) for line in paragraph.strip().splitlines())


def address_in(text: str, source: str) -> str:
    """The text, if it is one e-mail address.

    Raises
    ------
    Unaddressed
        If it is something else: a trait can hold anything.
    """
    if is_address(text):
        return text
    raise Unaddressed(f"{source} is no e-mail address: {plain(text)[:80]!r}")


def is_address(text: str) -> bool:
    """Whether the text is one e-mail address, as far as that can be seen."""
    return _ADDRESS.fullmatch(text) is not None and text.isprintable()


# --- Addresses that traits hold ---------------------------------------------------------------------------------------


def is_trait(text: str) -> bool:
    """Whether an address is the name of a trait that holds one, such as `person.email`."""
    return _TRAIT.fullmatch(text) is not None and "@" not in text


def _address(text: str, notice: Notice) -> str:
    if not is_trait(text):
        return text
    value = notice.trait(text)
    if not isinstance(value, str) or not value.strip():
        raise Unaddressed(f"there is nobody to send it to: {text} of {notice.subject} is missing")
    return value.strip()
