"""JSON as clients send it, which is not always JSON."""

from __future__ import annotations

import json
import re
from math import inf, isinf
from typing import Any, NamedTuple

import msgspec

from fireflower.web.ingest.limits import DEEPEST
from fireflower.web.ingest.refusals import malformed

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_FOREIGN_BYTE = re.compile("[\udc80-\udcff]")
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
"""A text, which may hold brackets, or a bracket."""
_CONSTANTS = {"NaN": None, "Infinity": inf, "-Infinity": -inf}

encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Broken(NamedTuple):
    """Stands in the place of an event that no reader could read."""

    reason: str


def parsed(body: bytes) -> Any:
    """What the body holds; single events that are beyond repair are `Broken`, and what lies so deep that it cannot be
    parsed is missing: what is left of its event still is nested too deep to be taken.

    Clients are known to send NaN for a missing number and texts cut in the middle of a surrogate pair. Neither is JSON,
    and neither is worth a whole batch: NaN is missing, half a character is U+FFFD.

    Raises
    ------
    Refusal
        If it is no JSON at all.
    """
    try:
        return _parsed(body)
    except ValueError as error:
        wanted = "Expected a JSON object with an event, or with a list of events under 'batch'"
        raise malformed(f"The body {error}. {wanted}.") from None


def parsed_event(text: bytes) -> Any:
    """What the text of a single event holds, or `Broken`."""
    try:
        return _parsed(text)
    except ValueError as error:
        return Broken(str(error))


def object_of(event: Any) -> dict[str, Any]:
    """The event, which is a JSON object.

    Raises
    ------
    ValueError
        If it is not.
    """
    if type(event) is dict:
        return event
    if isinstance(event, Broken):
        raise ValueError(event.reason)
    raise ValueError(f"expected an event to be a JSON object, got {event!r:.60}")


def _parsed(body: bytes) -> Any:
    """Raises ValueError with the reason, if it is no JSON at all."""
    try:
        return _decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _mended(body)


def _mended(body: bytes) -> Any:
    body = body.removeprefix(_BYTE_ORDER_MARK)
    try:
        text, is_utf8 = body.decode(), True
    except UnicodeDecodeError:
        text, is_utf8 = body.decode(errors="surrogateescape"), False
    try:
        value = _loaded(text)
    except ValueError as error:
        raise ValueError(f"is not JSON: {_printable(error)}") from None
    if isinstance(value, list):
        return [_mended_event(event, is_utf8) for event in value]
    if isinstance(value, dict) and isinstance(value.get("batch"), list):
        return _mended_batch(value, is_utf8)
    return _mended_event(value, is_utf8)


def _loaded(text: str) -> Any:
    load = json.JSONDecoder(parse_constant=_CONSTANTS.__getitem__, parse_int=_integer).decode
    try:
        return load(text)
    except RecursionError:
        return load(_shallow(text))


def _integer(digits: str) -> float:
    try:
        return int(digits)
    except ValueError:  # more digits than Python reads
        return inf


def _shallow(text: str) -> str:
    """The text without what is nested twice as deep as events may be."""
    kept: list[str] = []
    depth = end = 0
    for token in _TOKEN.finditer(text):
        if token[0] in ("[", "{"):
            depth += 1
            if depth == 2 * DEEPEST:
                kept += text[end : token.start()], "null"
                end = len(text)
        elif token[0] in ("]", "}"):
            if depth == 2 * DEEPEST:
                end = token.end()
            depth -= 1
    return "".join([*kept, text[end:]])


def _mended_batch(value: dict[str, Any], is_utf8: bool) -> dict[str, Any]:
    """What lies beside the events concerns all of them: if some of it is beyond repair, so is each of them."""
    events = [_mended_event(event, is_utf8) for event in value.pop("batch")]
    rest: dict[str, Any] = {}
    for key, inner in value.items():
        mended = _mended_event({key: inner}, is_utf8)
        if isinstance(mended, Broken):
            events = [Broken(f"what is sent beside it as {key!r:.40} {mended.reason}")] * len(events)
        else:
            rest |= mended
    return {**rest, "batch": events}


def _mended_event(event: Any, is_utf8: bool) -> Any:
    try:
        return _whole(event, is_utf8)
    except ValueError as error:
        return Broken(str(error))
    except RecursionError:
        return Broken(too_deep())


def _whole(value: Any, is_utf8: bool) -> Any:
    if isinstance(value, str):
        if not is_utf8 and _FOREIGN_BYTE.search(value):
            raise ValueError("holds text that is not UTF-8: send UTF-8")
        return _HALF_PAIR.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_whole(key, is_utf8): _whole(inner, is_utf8) for key, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner, is_utf8) for inner in value]
    if isinstance(value, float) and isinf(value):
        raise ValueError("holds a number that is too large for any computer: leave it out, or send it as text")
    return value


def too_deep() -> str:
    """Why an event that is nested too deep is kept aside."""
    return f"is nested more than {DEEPEST} deep: flatten it"


def may_be_deep(body: bytes, *, lists: bool = True) -> bool:
    """Whether an event may be nested deeper than the readers read. Most have too few brackets to be."""
    if not lists and len(body) <= DEEPEST * len('{"":}'):
        return False
    return body.count(b"{") + (body.count(b"[") if lists else 0) > DEEPEST


def is_deep(body: bytes, event: Any) -> bool:
    """Whether an event is nested deeper than the readers read."""
    if not may_be_deep(body):
        return False
    level, depth = [event], 0
    while level := [inner for outer in level for inner in _inside(outer)]:
        depth += 1
    return depth > DEEPEST


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


class _Pieces(msgspec.Struct):
    batch: list[msgspec.Raw] = []


def pieces(body: bytes, count: int) -> list[bytes] | None:
    """The text of each event of a body, as it came; None where they cannot be cut out."""
    try:
        is_list = body.lstrip()[:1] == b"["
        raws = (
            msgspec.json.decode(body, type=list[msgspec.Raw])
            if is_list
            else msgspec.json.decode(body, type=_Pieces).batch
        )
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return [bytes(raw) for raw in raws] if len(raws) == count else None


def _printable(error: Exception) -> str:
    return str(error).encode("utf-8", "replace").decode()
