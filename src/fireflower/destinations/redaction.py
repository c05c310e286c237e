"""Nothing that a destination says may carry a secret into a log: servers repeat what they were sent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from fireflower.destinations.deliveries import Outcome, Sent

O = TypeVar("O", bound=Outcome)  # noqa: E741
_LONGEST = 240
_SHORTEST = 4
"""Below this, hiding a text would hide words."""


def redacted(outcome: O, secrets: Iterable[str]) -> O:
    """The outcome without the secrets, should it repeat one, and cut to what fits a log."""
    if isinstance(outcome, Sent):
        return replace(outcome, detail=_cut(hide(outcome.detail, secrets)))
    return replace(outcome, reason=_cut(hide(outcome.reason, secrets)))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def hide(text: str, secrets: Iterable[str]) -> str:
    """The text with each secret, and each line of it, made unreadable.

    >>> hide("bad token xoxb-1234", ["xoxb-1234"])
    'bad token ***'
    """
    for part in sorted({part for secret in secrets for part in _parts(secret)}, key=len, reverse=True):
        text = text.replace(part, "***")
    return text


def _parts(secret: str) -> Iterable[str]:
    parts = (secret, secret.removeprefix("whsec_"), *secret.split(), *_parts_of_url(secret))
    return (part for part in parts if len(part) >= _SHORTEST)


def _parts_of_url(secret: str) -> Iterable[str]:
    """Of a URL that is a secret, what stands behind the host: servers tell which path they do not know."""
    _, scheme, rest = secret.partition("://")
    _, _, path = rest.partition("/")
    return (path, *(segment for segment in re.split(r"[/?&=#]", path) if len(segment) >= 8)) if scheme else ()
