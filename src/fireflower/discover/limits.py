"""Which trait limits what: told by names, as nothing else in the data says it."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LIMIT = re.compile(r"limit|quota|allowance|included|maximum|\bmax\b|seats?\b|licen[cs]es?\b|capacity|\bplan \w")
_SEATS = re.compile(r"seats?\b|licen[cs]es?\b|users?\b|members?\b")
_NOTHING = frozenset({"limit", "quota", "allowance", "included", "maximum", "max", "capacity", "plan", "the", "of"})


def limits_something(trait: str) -> bool:
    """Whether a trait is a limit, by its name.

    >>> limits_something("report_limit"), limits_something("seats"), limits_something("industry")
    (True, True, False)
    """
    return _LIMIT.search(_plain(trait)) is not None


def limits_people(trait: str) -> bool:
    """Whether it limits how many people there may be."""
    return limits_something(trait) and _SEATS.search(_plain(trait)) is not None


def limits(trait: str, name: str) -> bool:
    """Whether a trait limits what has this name, an event or a property: they have a word in common.

    >>> limits("report limit", "Report Run"), limits("plan_gb", "used_gb"), limits("report limit", "Login")
    (True, True, False)
    """
    return limits_something(trait) and bool(set(_words(trait)) & set(_words(name)))


def _words(name: str) -> Iterator[str]:
    for word in re.findall(r"[a-z0-9]+", _plain(name)):
        if word not in _NOTHING:
            yield word.removesuffix("s")


def _plain(name: str) -> str:
    """In lower case, `camelCase` and `snake_case` taken apart."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[_.-]", " ", name).lower()
