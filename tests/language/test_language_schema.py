"""The JSON Schemas say what the loader knows, no more and no less."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fireflower.language import keys
from fireflower.language.documents import parse_yaml, plain_value
from fireflower.language.places import Notes
from fireflower.language.quantities import FORMS
from fireflower.language.schema import definition_schema, project_schema

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "examples", "benchmarks")
FILES = sorted(
    path
    for folder in FOLDERS
    for path in (ROOT / folder).rglob("*.yaml")
    if path.name == "fireflower.yaml" or path.parent.name == "definitions"
)
BLOCKS = re.findall(
    r"^```yaml\n(.*?)^```$", (ROOT / "docs" / "language.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
DEFINITION, PROJECT = Draft202012Validator(definition_schema()), Draft202012Validator(project_schema())


def values(text: str) -> Any:
    notes = Notes()
    node = parse_yaml(text, "", notes)
    assert node is not None and not notes.faults
    return plain_value(node)


def mistakes(text: str, settings: bool = False) -> list[str]:
    return [error.message for error in (PROJECT if settings else DEFINITION).iter_errors(values(text))]


@pytest.mark.parametrize("schema", [definition_schema(), project_schema()])
def test_they_are_schemas(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_of_the_repository(path: Path) -> None:
    assert not mistakes(path.read_text(encoding="utf-8"), settings=path.name == "fireflower.yaml")


def test_there_are_files() -> None:
    assert len(FILES) >= 10


@pytest.mark.parametrize("block", BLOCKS)
def test_examples_of_the_reference(block: str) -> None:
    text = block if "definition:" in block or block.startswith("#") else "definition: d\nsubject: account\n" + block
    assert not mistakes(text, settings=block.startswith("# settings"))


WRONG = [
    "definition: d\nsubject: team\nvalue: did(A)\n",
    "definition: d\nsubject: account\n",
    "definition: d\nsubject: account\nvlaue: did(A)\n",
    "definition: d\nsubject: account\nvalue: {al: [did(A)]}\n",
    "definition: d\nsubject: account\nvalue: {all: []}\n",
    "definition: d\nsubject: account\nvalue: did(A)\ncooldown: 3 months\n",
    "definition: d\nsubject: account\nvalue: did(A)\nquantities: {a: {sum: properties.x}}\n",
    "definition: d\nsubject: account\nvalue: did(A)\nquantities: {a: {recency: A, last: 7 days}}\n",
    "definition: d\nsubject: account\nvalue: did(A)\nscore: {half_life: 3 days}\n",
    "definition: d\nsubject: account\nvalue: did(A)\ntests: [{history: [], expect: never}]\n",
    "definition: d\nsubject: account\nvalue: did(A)\ntests: [{history: [{event: A}], expect: never}]\n",
]


@pytest.mark.parametrize("text", WRONG)
def test_what_the_loader_refuses(text: str) -> None:
    assert mistakes(text)


def test_settings_are_checked() -> None:
    assert mistakes("attribution: last\n", settings=True)
    assert not mistakes("start: {event: A, where: properties.x = 1}\n", settings=True)


def known_keys(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if schema.get("additionalProperties") is False:
            yield from schema["properties"]
        for part in schema.values():
            yield from known_keys(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from known_keys(part)


def test_keys_of_the_loader_and_of_the_schemas_are_the_same() -> None:
    in_schemas = {*known_keys(definition_schema()), *known_keys(project_schema())}
    assert in_schemas == {key for table in keys.TABLES.values() for key in table}
    assert {*FORMS, "points", "each"} == set(keys.QUANTITY)
    assert {modifier for form in FORMS.values() for modifier in form.modifiers} == set(keys.MODIFIERS)
