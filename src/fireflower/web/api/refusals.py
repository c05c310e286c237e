"""What is answered instead of what was asked for: always JSON with a code and a message."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fireflower.app.live.identifying import NotJoined
from fireflower.app.live.inbox import NotReady
from fireflower.app.live.past import Outdated
from fireflower.history.log.database import StorageError
from fireflower.history.log.leases import LeaseLostError
from fireflower.model.errors import DefinitionError, FireflowerError, ProjectError, UnknownSubjectError

_LOGGER = logging.getLogger("fireflower.api")

_CODES = {405: "method_not_allowed", 413: "too_large"}


class Fault(msgspec.Struct):
    """One thing wrong with one place of a file; line and column are 0 where there is no text."""

    message: str
    file: str
    line: int
    column: int
    severity: str


class Error(msgspec.Struct, omit_defaults=True):
    """What went wrong.

    Attributes
    ----------
    code : for programs; it does not change
    message : for people: what, where, what was expected, what to do
    faults : where the project's files have some, all of them
    """

    code: str
    message: str
    faults: list[Fault] = []  # msgspec copies it


class Refused(Exception):
    """A request that is not answered as asked."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        super().__init__(message)
        self.faults = list(faults)
        self.status, self.code, self.message, self.headers = status, code, message, dict(headers or {})


def refusal(error: Exception) -> Refused:
    """What an error means to who asked."""
    match error:
        case Refused():
            return error
        case NotReady() | Outdated() | LeaseLostError():
            return Refused(503, "not_ready", str(error), {"Retry-After": "1"})
        case TimeoutError():
            message = "the evaluator has been busy for too long. Ask again; /metrics says how much waits."
            return Refused(503, "busy", message, {"Retry-After": "1"})
        case StorageError():
            return Refused(503, "storage", str(error), {"Retry-After": "5"})
        case UnknownSubjectError():
            return Refused(404, "unknown_subject", str(error))
        case DefinitionError(faults=faults):
            told = [Fault(each.message, each.file, each.line, each.column, each.severity) for each in faults]
            return Refused(422, "faults", str(error), faults=told)
        case NotJoined():
            return Refused(422, "not_joined", str(error))
        case ProjectError():
            return Refused(404, "unknown_definition", str(error))
        case FireflowerError():
            return Refused(422, "refused", str(error))
        case HTTPException(status_code=404):
            return Refused(404, "unknown_path", "there is nothing here. /api/v1/openapi.json names what there is.")
        case HTTPException():
            code = _CODES.get(error.status_code, "refused")
            return Refused(error.status_code, code, f"{error.detail}.", error.headers)
    _LOGGER.error("A request could not be answered.", exc_info=error)
    return Refused(500, "internal", "this is a fault of fireflower; its log has the details.")


def answer_error(refused: Refused) -> Response:
    """The answer that says so."""
    body = msgspec.json.encode(Error(refused.code, refused.message, refused.faults))
    return Response(body, refused.status, refused.headers, media_type="application/json")


async def on_error(request: Request, error: Exception) -> Response:
    """What Starlette calls with any error."""
    return answer_error(refusal(error))
