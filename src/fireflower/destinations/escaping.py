"""Values on their way into a message: they are text, and must not become markup, mentions, links or lines."""

from __future__ import annotations

import html
import re
from typing import Any

LONGEST_VALUE = 1_000
"""Characters of one value. What is longer is cut, so that no trait can make a message of a megabyte."""

_HIDDEN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ue000-\uf8ff\u202a-\u202e\u2066-\u2069]")
"""Signs of control, halves of characters, private ones, and those that turn the direction of reading; no blanks."""
_MARKS = re.compile(r"(?<!\w)([*_~`])|([*_~`])(?!\w)")
_URL = re.compile(r"https?://[^\s<>|\"]+")
_BREAK = "\u200b"


def plain(value: Any) -> str:
    """The value as one line of text, without control characters and marks that turn the direction of reading."""
    text = " ".join(_HIDDEN.sub("", as_text(value)).split())
    return cut(text, LONGEST_VALUE)


def cut(text: str, length: int) -> str:
    """The text, or its beginning and "…"."""
    return text if len(text) <= length else text[: length - 1] + "…"


def for_slack(value: Any) -> str:
    """For Slack's mrkdwn: `<!channel>`, `<@U1>` and links stay text, and so do signs that would begin or end a style.

    >>> for_slack("<!channel> R&D")
    '&lt;!channel&gt; R&amp;D'
    """
    text = plain(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if _URL.fullmatch(text):
        return text
    return _MARKS.sub(lambda match: f"{_BREAK}{match[0]}{_BREAK}", text)


def for_html(text: str) -> str:
    return html.escape(text)


def as_text(value: Any) -> str:
    """A value as people write it: 25 for 25.0, "unknown" for what is missing."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list | tuple):
        return ", ".join(as_text(item) for item in value[:50])
    return str(value)[: 4 * LONGEST_VALUE]
