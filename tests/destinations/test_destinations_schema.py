"""The JSON Schema takes what the loader takes, and knows every key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from fireflower.destinations import load_destination
from fireflower.destinations.keys import TABLES
from fireflower.destinations.schema import destination_schema
from fireflower.model.errors import DefinitionError

PAGE = (Path(__file__).parents[2] / "docs" / "destinations.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SCHEMA = destination_schema()
FAULTY = [
    "destination: a\n",
    "destination: a b\nfile: {path: x}\n",
    "file: {path: x}\n",
    "destination: a\nfile: {path: x}\nslack: {webhook: env:A}\n",
    "destination: a\nfile: {pth: x}\n",
    "destination: a\nwebhook: {url: 'https://example.com', secret: whsec_open}\n",
    "destination: a\nslack: {token: env:A}\n",
    "destination: a\nfile: {path: x}\nwhen: {change: gone}\n",
    "destination: a\nfile: {path: x}\nwhen: {definitions: []}\n",
    "destination: a\nfile: {path: x}\ncap: {at_most: 0, per: 1 day}\n",
    "destination: a\nfile: {path: x}\ncap: {at_most: 1, per: soon}\n",
    "destination: a\nfile: {path: x}\nquiet_hours: {from: '25:00', until: '08:00'}\n",
]


def faults(text: str) -> list[Any]:
    return list(Draft202012Validator(SCHEMA).iter_errors(YAML(typ="safe").load(text)))


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", EXAMPLES)
def test_what_the_page_shows_is_taken(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize("text", FAULTY)
def test_what_the_loader_refuses_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError):
        load_destination(text)
    assert faults(text)


def test_it_knows_every_key() -> None:
    assert len(EXAMPLES) >= 6
    assert len(keys(SCHEMA)) >= 30
    assert keys(SCHEMA) == {key for table in TABLES.values() for key in table}


def keys(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        own = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
        return own.union(*map(keys, schema.values()))
    return set().union(*map(keys, schema)) if isinstance(schema, list) else set()
