"""openapi.json says what the API does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from api.serving import Served
from fireflower.web.api.endpoints import ENDPOINTS
from fireflower.web.api.health import HEALTH
from fireflower.web.api.openapi import document

DOCS = Path(__file__).parent.parent.parent / "docs"
ALL = (*ENDPOINTS, *HEALTH)
DOCUMENT = document(ALL)

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    negative_data_rejection,
]  # fmt: skip
OPERATIONS = [
    found.ok()
    for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
    if found.ok().path != "/api/v1/stream"
]


def _asked() -> Iterator[Any]:
    """Every operation, asked rightly and wrongly; wrongly only where there is something to say."""
    for operation in OPERATIONS:
        says = operation.query or operation.path_parameters or operation.body
        for mode in GenerationMode:
            if says or mode is GenerationMode.POSITIVE:
                yield pytest.param(operation, mode, id=f"{operation.label} {mode.value}")


@pytest.mark.parametrize(("operation", "mode"), [*_asked()])
def test_every_answer_is_as_declared(operation: Any, mode: GenerationMode, reading: Served) -> None:
    headers = {"Authorization": reading.client.headers["authorization"]}

    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        answer = case.call(base_url=reading.url, headers=headers)
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400:
            assert answer.json().keys() == {"code", "message"}

    check()


def test_the_operations_were_found() -> None:
    assert len(OPERATIONS) >= 13


def test_it_is_served(reading: Served) -> None:
    assert httpx.get(f"{reading.url}/api/v1/openapi.json").json() == DOCUMENT


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/api/v1/now", {"person": "cleo"}),
        ("/api/v1/qualified", {"definition": "team"}),
        ("/api/v1/subjects/{kind}/{id}", {"kind": "account", "id": "acme"}),
        ("/api/v1/transitions", {}),
        ("/api/v1/definitions", {}),
    ],
)
def test_answers_that_say_something_are_as_declared(reading: Served, path: str, asked: dict[str, str]) -> None:
    answer = reading.get(
        path.format(**asked), **{key: value for key, value in asked.items() if f"{{{key}}}" not in path}
    )
    name = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    Draft202012Validator({**name, "components": DOCUMENT["components"]}).validate(answer)


def test_every_endpoint_is_documented() -> None:
    documented = re.findall(r"^\| `(GET|POST) ([^`?]+)", (DOCS / "api.md").read_text(), re.MULTILINE)
    assert len(ALL) >= 14
    assert sorted(documented) == sorted((each.method, each.plain_path) for each in ALL)


def test_what_is_not_there(reading: Served) -> None:
    assert reading.get("/api/v2", 404)["code"] == "unknown_path"
    assert reading.client.put("/api/v1/now").json()["code"] == "method_not_allowed"


def test_a_fault_of_ours_says_so_and_no_more(serving: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(serving.service.evaluator), "standing", lambda *what: 1 / 0)
    found = serving.get("/api/v1/now", 500, person="ann")
    assert found == {"code": "internal", "message": "this is a fault of fireflower; its log has the details."}
