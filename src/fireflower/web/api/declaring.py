"""An endpoint as it is declared: from the same declaration its requests are decoded, and openapi.json is written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fireflower.app.live.asking import Asking
from fireflower.history.log.tokens import Scope
from fireflower.web.api.keys import authorize
from fireflower.web.api.refusals import Refused

_LARGEST_BODY = 1 << 20


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing that can be asked.

    Attributes
    ----------
    path : with the names of its parts in braces; these are fields of `asked`
    asked : what the path, the query and the body may say
    handle : answers in a thread; or, if it is a coroutine function, in the loop
    scope : of the tokens that may ask; None: anybody
    media : of the answer
    """

    method: Literal["GET", "POST"]
    path: str
    summary: str
    asked: type[msgspec.Struct]
    answer: Any
    handle: Callable[..., Any]
    scope: Scope | None = "read"
    media: str = "application/json"
    waits: bool = False
    description: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts of the path."""
        return tuple(part[1:-1].removesuffix(":path") for part in self.path.split("/") if part.startswith("{"))

    @property
    def plain_path(self) -> str:
        """The path as OpenAPI writes it."""
        return self.path.replace(":path}", "}")

    def route(self, asking: Asking) -> Route:
        """As Starlette serves it."""
        return Route(self.path, self._endpoint(asking), methods=[self.method])

    def _endpoint(self, asking: Asking) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            if self.scope is not None:
                await authorize(request, asking, self.scope)
            asked = self._decode(await self._said(request))
            if self.waits:
                found = await self.handle(asking, asked, request)
            else:
                found = await run_in_threadpool(self.handle, asking, asked)
            if isinstance(found, Response):
                return found
            return Response(msgspec.json.encode(found), media_type=self.media)

        return endpoint

    async def _said(self, request: Request) -> Mapping[str, Any]:
        said = {**_query(request), **request.path_params}
        if self.method == "POST":
            said |= await _body(request)
        return said

    def _decode(self, said: Mapping[str, Any]) -> msgspec.Struct:
        try:
            return msgspec.convert(said, self.asked, strict=self.method == "POST")
        except msgspec.ValidationError as error:
            raise Refused(422, "invalid", f"{error}.{self._known()}") from None

    def _known(self) -> str:
        names = [name for name in self.asked.__struct_fields__ if name not in self.parts]
        return f" Parameters are: {', '.join(names)}." if names else " There are no parameters."


def _query(request: Request) -> dict[str, str]:
    said: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in said:
            raise Refused(422, "invalid", f"{name!r} is given twice; expected it once.")
        said[name] = value
    return said


async def _body(request: Request) -> dict[str, Any]:
    if int(request.headers.get("content-length", "0") or 0) > _LARGEST_BODY:
        raise Refused(413, "too_large", f"the body is larger than {_LARGEST_BODY:,} bytes.")
    text = bytearray()
    async for piece in request.stream():
        text += piece
        if len(text) > _LARGEST_BODY:
            raise Refused(413, "too_large", f"the body is larger than {_LARGEST_BODY:,} bytes.")
    try:
        body = msgspec.json.decode(bytes(text)) if text else {}
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Refused(400, "not_json", f"the body is no JSON: {error}.") from None
    if not isinstance(body, dict):
        raise Refused(422, "invalid", f"expected the body to be an object, got {type(body).__name__}.")
    return body
