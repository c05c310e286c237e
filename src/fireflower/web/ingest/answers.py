"""What the server says: always JSON, always readable by browsers."""

from __future__ import annotations

from math import ceil
from typing import Any

import msgspec

from fireflower.web.ingest.asgi import Headers, Send
from fireflower.web.ingest.refusals import Refusal

_SHOWN = 20
"""How many rejected events an answer names; all of them are kept."""


def cors(headers: Headers) -> list[tuple[bytes, bytes]]:
    """What lets a page of any origin send events. Beacons send cookies, and then a browser takes no '*'."""
    origin = headers.get(b"origin")
    if not origin:
        return [(b"access-control-allow-origin", b"*")]
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"retry-after"),
        (b"vary", b"origin"),
    ]


def preflight(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The answer to a browser that asks whether it may send."""
    return [
        *cors(headers),
        (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
        (b"access-control-allow-headers", headers.get(b"access-control-request-headers", b"*")),
        (b"access-control-max-age", b"86400"),
    ]


def taken(new: int, messages: int, rejects: list[tuple[int, str]]) -> dict[str, Any]:
    """What has become of the events of a request."""
    answer: dict[str, Any] = {
        "success": True,
        "ok": True,
        "status": "Ok",
        "accepted": new,
        "duplicates": messages - new,
        "rejected": len(rejects),
    }
    if rejects:
        answer["message"] = _counted(len(rejects))
        answer["rejects"] = [{"position": position, "reason": reason} for position, reason in rejects[:_SHOWN]]
    return answer


def refused(refusal: Refusal) -> dict[str, Any]:
    """An error. Each client reads another one of these; who finds none of its own tries again for ever."""
    said = {"code": refusal.code, "message": refusal.message, "detail": refusal.message}
    return {"success": False, "ok": False, "status": refusal.status, **said, "error": refusal.message}


def refused_headers(refusal: Refusal) -> list[tuple[bytes, bytes]]:
    """Headers that an error has besides."""
    if refusal.retry_after is None:
        return list(refusal.headers)
    seconds = max(1, ceil(refusal.retry_after))
    return [*refusal.headers, (b"retry-after", b"%d" % seconds)]


async def send_json(send: Send, status: int, content: Any, headers: list[tuple[bytes, bytes]]) -> None:
    """Send one answer. That the client has gone in the meantime is its own affair."""
    body = b"" if content is None else msgspec.json.encode(content)
    head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *headers]
    try:
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": body})
    except OSError:
        return


def _counted(count: int) -> str:
    events = "1 event was" if count == 1 else f"{count} events were"
    return f"{events} kept aside, with the reason; the others were accepted."
