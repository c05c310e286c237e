"""What event clients hear of a process that takes no events in."""

from __future__ import annotations

from fireflower.web.ingest import answers
from fireflower.web.ingest.asgi import Headers, Receive, Scope, Send
from fireflower.web.ingest.refusals import Refusal

_ELSEWHERE = Refusal(
    503,
    "not_here",
    "This process takes no events in: send them to one that was started with --role ingest, or without --role.",
    1.0,
)


async def elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse, so that clients understand it and try again, and browsers hear it."""
    headers: Headers = dict(scope["headers"])
    if scope["method"] == "OPTIONS":
        return await answers.send_json(send, 204, None, answers.preflight(headers))
    head = [*answers.cors(headers), *answers.refused_headers(_ELSEWHERE)]
    return await answers.send_json(send, _ELSEWHERE.status, answers.refused(_ELSEWHERE), head)
