"""Which path belongs to which client, as a table."""

from __future__ import annotations

from typing import NamedTuple

from fireflower.web.ingest.segment import TYPES


class Route(NamedTuple):
    """What comes in on a path: events of a form, and the type that the path gives them."""

    form: str
    type: str = ""


_SEGMENT_BATCHES = (
    "/v1/batch",
    "/v1/b",
    "/v1/import",
    "/api/s/batch",
    "/api/s/s2s/batch",
    "/api/s/event",
    "/api/s/s2s/event",
)
_POSTHOG = ("/batch", "/capture", "/e", "/i/v0/e", "/i/v0/ai/batch")

ROUTES: dict[str, Route] = {
    **{path: Route("segment") for path in _SEGMENT_BATCHES},
    **{f"/v1/{type}": Route("segment", type) for type in TYPES},
    **{f"/v1/{type[0]}": Route("segment", type) for type in TYPES},
    **{f"/api/s/{type}": Route("segment", type) for type in TYPES},
    **{f"/api/s/s2s/{type}": Route("segment", type) for type in TYPES},
    **{path: Route("posthog") for path in _POSTHOG},
}
"""By path, without a slash at its end."""


def plain(path: str) -> str:
    """The path without slashes at its end, and with one at its beginning, however the client has joined it."""
    return "/" + path.strip("/")
