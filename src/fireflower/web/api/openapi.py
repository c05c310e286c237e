"""openapi.json, written from the declarations of the endpoints."""

from __future__ import annotations

from typing import Any

import msgspec

from fireflower import __version__
from fireflower.web.api.declaring import Endpoint
from fireflower.web.api.refusals import Error

Json = dict[str, Any]
_REF = "#/components/schemas/{name}"


def document(endpoints: tuple[Endpoint, ...]) -> Json:
    """The API in OpenAPI 3.1."""
    answers = list(dict.fromkeys(each.answer for each in endpoints if each.answer is not str))
    _, components = msgspec.json.schema_components([*answers, Error], ref_template=_REF)
    _, asked = msgspec.json.schema_components([each.asked for each in endpoints], ref_template=_REF)
    paths: dict[str, Json] = {}
    for each in endpoints:
        paths.setdefault(each.plain_path, {})[each.method.lower()] = _operation(each, asked[each.asked.__name__])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fireflower",
            "version": __version__,
            "description": "Product-qualified people and accounts: who is qualified, why, and what now. docs/api.md.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint, asked: Json) -> Json:
    words = [part for part in endpoint.plain_path.split("/")[3:] if part]
    operation: Json = {
        "operationId": "_".join([endpoint.method.lower(), *(word.strip("{}") for word in words)]),
        "summary": endpoint.summary,
        "responses": _responses(endpoint),
    }
    if endpoint.description:
        operation["description"] = endpoint.description
    if endpoint.scope is not None:
        operation["security"] = [{"token": []}]
    parameters = [_parameter(endpoint, name, schema, asked) for name, schema in _in_url(endpoint, asked)]
    if parameters:
        operation["parameters"] = parameters
    if endpoint.method == "POST":
        body = {key: value for key, value in asked.items() if key != "title"}
        operation["requestBody"] = {"required": False, "content": {"application/json": {"schema": body}}}
    return operation


def _in_url(endpoint: Endpoint, asked: Json) -> list[tuple[str, Json]]:
    properties: dict[str, Json] = asked.get("properties", {})
    return [(name, schema) for name, schema in properties.items() if endpoint.method == "GET" or name in endpoint.parts]


def _parameter(endpoint: Endpoint, name: str, schema: Json, asked: Json) -> Json:
    inside = name in endpoint.parts
    schema = _without_null(schema)
    found: Json = {"name": name, "in": "path" if inside else "query", "schema": schema}
    if "description" in schema:
        found["description"] = schema.pop("description")
    if inside or name in asked.get("required", ()):
        found["required"] = True
    return found


def _without_null(schema: Json) -> Json:
    """A parameter that may be left out is left out; it is not given as null."""
    schema = dict(schema)
    if "anyOf" in schema:
        (inner,) = (each for each in schema.pop("anyOf") if each != {"type": "null"})
        schema |= inner
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    if schema.get("default", 0) is None:
        del schema["default"]
    return schema


def _responses(endpoint: Endpoint) -> Json:
    if endpoint.answer is str:
        schema: Json = {"type": "string"}
    else:
        schema = {"$ref": _REF.format(name=endpoint.answer.__name__)}
    found: Json = {"200": {"description": "The answer.", "content": {endpoint.media: {"schema": schema}}}}
    for status, said in _refusals(endpoint).items():
        content = {"application/json": {"schema": {"$ref": _REF.format(name="Error")}}}
        found[status] = {"description": said, "content": content}
        if status == "401":
            found[status]["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    found["431"] = {"description": "The line and headers of the request have more than 64 kB. There is no body."}
    return found


def _refusals(endpoint: Endpoint) -> dict[str, str]:
    found = {"400": "A cursor that was not given, or a body that is no JSON."}
    if endpoint.scope is not None:
        found |= {"401": "There is no token that is known.", "403": "The token is of another scope."}
    found |= {"404": "There is no such thing.", "422": "A parameter is missing, not known, or not as expected."}
    if endpoint.method == "POST":
        found["413"] = "The body is too large."
    return found | {"503": "It cannot be answered just now; the message says why."}
