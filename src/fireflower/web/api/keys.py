"""Who asks: bearer tokens, and what they are good for."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from fireflower.app.live.asking import Asking
from fireflower.history.log.tokens import Accepted, Scope, matching
from fireflower.web.api.refusals import Refused

_REALM = 'Bearer realm="fireflower"'
_INCLUDES: dict[Scope, tuple[Scope, ...]] = {"read": ("read", "admin"), "admin": ("admin",), "write": ("write",)}
"""Scope -> those that include it."""


async def authorize(request: Request, asking: Asking, scope: Scope) -> None:
    """Let the request through if its token is good for this.

    Raises
    ------
    Refused
        If it is not, or if there is none; with what to do.
    """
    accepted = await run_in_threadpool(asking.tokens) if asking.tokens_are_old() else asking.tokens()
    if not any(each.scope in _INCLUDES[scope] for each in accepted):
        raise Refused(
            401,
            "no_token_yet",
            f"this project has no token for this yet. Make one: fireflower token make NAME --scope {scope}",
            {"WWW-Authenticate": _REALM},
        )
    token = _bearer(request)
    if token is None:
        message = f"expected the header 'Authorization: Bearer TOKEN', with a token of the scope {scope}."
        raise Refused(401, "token_missing", message, {"WWW-Authenticate": _REALM})
    _check(matching(token, accepted), scope)


def _check(found: Accepted | None, scope: Scope) -> None:
    if found is None:
        message = "the token is unknown or has been revoked. 'fireflower token list' shows those that are accepted."
        raise Refused(401, "token_unknown", message, {"WWW-Authenticate": f'{_REALM}, error="invalid_token"'})
    if found.scope not in _INCLUDES[scope]:
        raise Refused(
            403,
            "scope",
            f"the token {found.name!r} is of the scope {found.scope}, and this needs {scope}: "
            f"fireflower token make NAME --scope {scope}",
            {"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{scope}"'},
        )


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
