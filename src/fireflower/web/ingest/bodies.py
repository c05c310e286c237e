"""The body of a request: received, and decompressed, without ever holding more than the limits."""

from __future__ import annotations

import asyncio
import zlib

from fireflower.web.ingest.asgi import Headers, Receive
from fireflower.web.ingest.limits import Held, Limits
from fireflower.web.ingest.refusals import Gone, Refusal, full, malformed, too_large

GZIP = b"\x1f\x8b"
_GZIP_WINDOW, _ZLIB_WINDOW, _RAW_WINDOW = 31, 15, -15
_LAYERS = 2
_MEMBERS = 1_000
"""Members of a gzip file, of which clients write one."""
_PIECE = 64 << 10
"""Bytes that are inflated at once: what follows the end of a stream in them is copied."""
_DISCARDED = 4
"""How many times the limit is read and dropped, so that a client hears the answer instead of a broken connection."""


async def received(receive: Receive, limits: Limits, held: Held) -> bytes:
    """The body as it came.

    Parameters
    ----------
    held : counts what is held of it

    Raises
    ------
    Gone
        If the client goes away in the middle.
    Refusal
        If it is too large, takes too long to come, or there is no room for it beside others.
    """
    try:
        async with asyncio.timeout(limits.patience):
            return await _collected(receive, limits.body, held)
    except TimeoutError:
        raise Refusal(
            408, "body_timeout", f"The body had not come after {limits.patience:g} seconds. Send it again.", 1.0
        ) from None


async def _collected(receive: Receive, limit: int, held: Held) -> bytes:
    chunks: list[bytes] = []
    size, has_room = 0, True
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        chunk = message.get("body", b"")
        size += len(chunk)
        has_room = has_room and size <= limit and held.take(len(chunk))
        if has_room:
            chunks.append(chunk)
        else:
            chunks.clear()
            held.give_back()
        if not message.get("more_body") or size > _DISCARDED * limit:
            break
    if size > limit:
        raise _over(limit)
    if not has_room:
        raise full()
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def decompressed(body: bytes, headers: Headers, limit: int) -> bytes:
    """The body without its compression, which is known by its first bytes rather than by what the headers say.

    Raises
    ------
    Refusal
        If it is damaged, too large, or compressed in a way that is not read here.
    """
    encoding = headers.get(b"content-encoding", b"").strip().lower()
    if encoding in (b"br", b"zstd", b"compress"):
        name = encoding.decode()
        raise Refusal(
            415, "unknown_encoding", f"Content-Encoding {name} is not read. Send gzip, deflate, or plain JSON."
        )
    if encoding == b"deflate":
        body = _deflated(body, limit)
    for _ in range(_LAYERS):
        if not body.startswith(GZIP):
            break
        body = _gunzipped(body, limit)
    return body


def readable(body: bytes, headers: Headers, limit: int) -> bytes:
    """The body without its compression where that can be taken off, for people to read."""
    try:
        return decompressed(body, headers, limit)
    except Refusal:
        return body


def _deflated(body: bytes, limit: int) -> bytes:
    """`deflate` means zlib's form, and some clients send the bare stream. A body in plain text is taken as it is."""
    if body.lstrip()[:1] in (b"{", b"["):
        return body
    is_zlib = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _inflated(memoryview(body), _ZLIB_WINDOW if is_zlib else _RAW_WINDOW, limit)[0]


def _gunzipped(body: bytes, limit: int) -> bytes:
    """All members of a gzip file, one after the other; what follows them is no member and is left out."""
    members: list[bytes] = []
    rest = memoryview(body)
    while rest[: len(GZIP)] == GZIP:
        if len(members) == _MEMBERS:
            raise malformed(f"The body is a gzip file of more than {_MEMBERS} members. Write it as one.")
        member, rest = _inflated(rest, _GZIP_WINDOW, limit)
        members.append(member)
        limit -= len(member)
    return members[0] if len(members) == 1 else b"".join(members)


def _inflated(body: memoryview, window: int, limit: int) -> tuple[bytes, memoryview]:
    """(content, what follows the stream). At most one byte more than the limit is ever inflated."""
    stream, pieces, left, end = zlib.decompressobj(window), [], limit, 0
    try:
        while not stream.eof and end < len(body) and left >= 0:
            pieces.append(stream.decompress(body[end : end + _PIECE], left + 1))
            left -= len(pieces[-1])
            end += _PIECE
    except zlib.error as error:
        raise malformed(f"The body is compressed but damaged: {error}. Send it again, or send plain JSON.") from None
    if left < 0:
        raise _over(limit)
    if not stream.eof:
        raise malformed("The compressed body ends early. Send it again, or send plain JSON.")
    return b"".join(pieces), body[min(end, len(body)) - len(stream.unused_data) :]


def _over(limit: int) -> Refusal:
    return too_large(
        f"The body has more than {limit / (1 << 20):g} MiB (after decompression). Send fewer events in a request."
    )
