"""Cells of CSV files: a cell is a number if it is written as JSON writes one, a truth value if it is true or false in
any case, missing if it is empty, and else text. It does not depend on the other cells of its column."""

from __future__ import annotations

import re
from typing import Any

NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?"
_NUMBER = re.compile(NUMBER)


def cell(text: str) -> Any:
    """The value of a cell.

    >>> [cell(text) for text in ("12", "007", "TRUE", "", "free")]
    [12.0, '007', True, None, 'free']
    """
    if not text:
        return None
    if _NUMBER.fullmatch(text):
        return float(text)
    return {"true": True, "false": False}.get(text.lower(), text)
