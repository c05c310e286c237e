"""The endpoints as one ASGI app."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fireflower.app.live.asking import Asking
from fireflower.app.live.service import Service
from fireflower.model.errors import FireflowerError
from fireflower.web.api.endpoints import ENDPOINTS
from fireflower.web.api.health import HEALTH
from fireflower.web.api.metrics import registry_of
from fireflower.web.api.openapi import document
from fireflower.web.api.refusals import Refused, on_error
from fireflower.web.api.stream import Streams

DOCUMENT_PATH = "/api/v1/openapi.json"


def api(service: Service, *, origins: Sequence[str] = (), streams: Streams | None = None) -> Starlette:
    """The API of a service.

    Parameters
    ----------
    origins : of pages that may ask from a browser ("https://app.example.com"); none by default
    streams : how streams are kept; `app.state.streams.end()` ends them, so that a server can stop
    """
    asking, streams = Asking(service), Streams() if streams is None else streams
    service.listen(streams.tell)
    routes = [each.route(asking) for each in (*ENDPOINTS, *HEALTH)]
    app = Starlette(
        routes=[Route(DOCUMENT_PATH, _document), *routes],
        middleware=_middleware(origins),
        exception_handlers=dict.fromkeys((Refused, FireflowerError, TimeoutError, HTTPException, Exception), on_error),
    )
    app.state.asking, app.state.streams = asking, streams
    app.state.registry = registry_of(asking, streams)
    return app


async def _document(request: Request) -> Response:
    return Response(msgspec.json.encode(document((*ENDPOINTS, *HEALTH))), media_type="application/json")


def _middleware(origins: Sequence[str]) -> list[Middleware]:
    if not origins:
        return []
    headers = ("Authorization", "Last-Event-ID")
    return [
        Middleware(CORSMiddleware, allow_origins=origins, allow_methods=("GET", "POST"), allow_headers=headers)
    ]  # fmt: skip
