"""The header Retry-After, in both of its forms."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from fireflower.model.moments import SECOND, from_datetime


def retry_after(headers: Mapping[str, str], now: int) -> float | None:
    """How many seconds a server asks to wait; None if it does not say, or nothing that can be read.

    >>> retry_after({"retry-after": "120"}, 0), retry_after({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, 0)
    (120.0, 60.0)
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        return max((from_datetime(parsedate_to_datetime(text)) - now) / SECOND, 0.0)
    except (ValueError, TypeError, OverflowError):
        return None
