"""How the service is: for those who run it."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from fireflower.app.live.asking import Asking
from fireflower.web.api import answers, questions
from fireflower.web.api.declaring import Endpoint
from fireflower.web.api.metrics import METRICS_TYPE, exposition
from fireflower.web.api.refusals import Refused


async def _alive(asking: Asking, asked: object, request: Request) -> answers.Health:
    return answers.Health("ok")


def _ready(asking: Asking, asked: object) -> answers.Health:
    if trouble := asking.trouble():
        raise Refused(503, "not_ready", trouble, {"Retry-After": "1"})
    return answers.Health("ok")


async def _metrics(asking: Asking, asked: object, request: Request) -> Response:
    text = await run_in_threadpool(exposition, request.app.state.registry)
    return Response(text, media_type=METRICS_TYPE)


HEALTH: tuple[Endpoint, ...] = (
    Endpoint(
        "GET",
        "/healthz",
        "Whether the process is alive.",
        questions.Nothing,
        answers.Health,
        _alive,
        scope=None,
        waits=True,
    ),
    Endpoint(
        "GET",
        "/readyz",
        "Whether history is evaluated and the database can be written; 503 with the reason otherwise.",
        questions.Nothing,
        answers.Health,
        _ready,
        scope=None,
    ),
    Endpoint(
        "GET",
        "/metrics",
        "Figures for Prometheus; docs/metrics.md says what they are.",
        questions.Nothing,
        str,
        _metrics,
        scope=None,
        media="text/plain",
        waits=True,
    ),
)
