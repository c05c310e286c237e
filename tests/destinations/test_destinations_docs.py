"""docs/destinations.md is complete, and everything in it works."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fireflower.destinations import key_of, load_destination
from fireflower.destinations.keys import TABLES
from fireflower.destinations.messages import NAMES
from fireflower.destinations.nodes import Destination, JsonLines
from fireflower.destinations.payloads import payload_of
from fireflower.destinations.samples import ENTERED
from fireflower.destinations.slack import MEND
from fireflower.destinations.templates import FILTERS

PAGE = (Path(__file__).parents[2] / "docs" / "destinations.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_page_has_examples() -> None:
    assert len(blocks("yaml")) >= 6 and len(blocks("json")) == 1 and len(blocks("python")) == 1


@pytest.mark.parametrize("block", blocks("yaml"))
def test_yaml(block: str) -> None:
    assert load_destination(block).name


@pytest.mark.parametrize("block", blocks("python"))
def test_python(block: str) -> None:
    exec(compile(block, "docs/destinations.md", "exec"), {})


def test_every_key_name_and_filter_is_mentioned() -> None:
    words = {*(key for table in TABLES.values() for key in table), *NAMES, *FILTERS}
    assert len(words) >= 60
    assert not [word for word in words if not re.search(rf"`[^`\n]*\b{word}\b[^`\n]*`", PAGE)]


def test_the_document_is_what_is_sent() -> None:
    shown = json.loads(blocks("json")[0])
    where = Destination("crm", JsonLines(""))
    sent = json.loads(payload_of(ENTERED, where, key_of(ENTERED.id, where.name)))
    assert shape(shown) == shape({**sent, "data": {**sent["data"], "evidence": sent["data"]["evidence"][:1]}})
    assert shown["key"] == sent["key"]
    assert shown["data"]["evidence"][0] == sent["data"]["evidence"][0]


def shape(value: Any) -> Any:
    """The keys of a document, at every depth but the traits'."""
    if isinstance(value, dict):
        return {key: "..." if key == "traits" else shape(item) for key, item in value.items()}
    return [shape(item) for item in value] if isinstance(value, list) else "..."


def test_errors_of_slack_that_are_mentioned_are_known() -> None:
    row = next(line for line in PAGE.splitlines() if "`invalid_auth`" in line)
    named = re.findall(r"`(\w+)`", row)
    assert len(named) >= 5 and set(named) <= MEND
