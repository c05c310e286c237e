"""Opaque cursors: the place behind which the next page begins."""

from __future__ import annotations

import base64
import binascii

import msgspec

from fireflower.web.api.refusals import Refused

Place = tuple[int, str]

_decoder = msgspec.json.Decoder(Place)
_LARGEST = 2**63 - 1


def cursor_of(place: Place) -> str:
    """The cursor for a place.

    >>> place_of(cursor_of((5, "acme")))
    (5, 'acme')
    """
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def place_of(cursor: str | None) -> Place | None:
    """The place that a cursor stands for; None without one.

    Raises
    ------
    Refused
        If it is not one that was given.
    """
    if cursor is None:
        return None
    try:
        place = _decoder.decode(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        place = (_LARGEST + 1, "")
    if abs(place[0]) > _LARGEST:
        raise Refused(
            400, "bad_cursor", "'cursor' is not one that was given: pass `next` of the page before, as it is."
        )
    return place
