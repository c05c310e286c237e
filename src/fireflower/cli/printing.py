"""Texts from data and files, as a terminal may show them."""

from __future__ import annotations

import re

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Everything that moves, colours or hides what a terminal shows, but for line breaks and tabs."""


def printable(text: str) -> str:
    r"""The text with control characters spelt out, so that an id cannot steer the terminal that shows it.

    >>> printable("ann\x1b[2J")
    'ann\\x1b[2J'
    """
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def in_one_line(text: str) -> str:
    r"""The same with line breaks and tabs spelt out too.

    >>> in_one_line("ann\nben")
    'ann\\nben'
    """
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def shortened(text: str, longest: int) -> str:
    """At most so many characters of it; what is cut off is seen to be."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def counted(number: int, one: str, many: str = "") -> str:
    """A number of things: "1 delivery", "1,200 deliveries"; by default with an s.

    >>> counted(1, "record"), counted(0, "record"), counted(2, "delivery", "deliveries")
    ('1 record', '0 records', '2 deliveries')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
