"""The reference page is complete, and everything in it works."""

from __future__ import annotations

import re
from dataclasses import is_dataclass
from pathlib import Path

import pytest

from fireflower.language import keys, nodes
from fireflower.language.calls import FUNCTIONS
from fireflower.language.loading import load_definition, load_settings
from fireflower.model.errors import DefinitionError

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
HEAD = "definition: example\nsubject: {}\nanchors: {{trial: Trial Started}}\n"
NAMED = "quantities:\n  messages: count(Message Sent)\n  storage: count(A) / account.limit\n"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def is_settings(block: str) -> bool:
    return block.startswith("# settings")


def whole(block: str) -> str:
    """A block as a definition: what is not shown is added."""
    return block if "definition:" in block else "definition: example\nsubject: account\n" + block


def test_the_page_has_examples() -> None:
    assert len(blocks("yaml")) >= 8
    assert len("".join(blocks("formulas")).splitlines()) >= 25


@pytest.mark.parametrize("block", blocks("yaml"))
def test_yaml(block: str) -> None:
    assert load_settings(block) if is_settings(block) else load_definition(whole(block))


@pytest.mark.parametrize("formula", "".join(blocks("formulas")).splitlines())
def test_formulas(formula: str) -> None:
    subject = "person" if "person." in formula else "account"
    assert load_definition(HEAD.format(subject) + NAMED + f"value:\n  all:\n    - {formula}\n")


@pytest.mark.parametrize("block", blocks("python"))
def test_python(block: str) -> None:
    exec(compile(block, "docs/language.md", "exec"), {})


def test_every_node_is_mentioned() -> None:
    classes = [name for name, node in vars(nodes).items() if is_dataclass(node) and isinstance(node, type)]
    assert len(classes) >= 40
    assert not [name for name in classes if f"`{name}`" not in PAGE]


def test_every_key_and_function_is_mentioned() -> None:
    words = {*FUNCTIONS, *(key for table in keys.TABLES.values() for key in table)}
    assert len(words) >= 60
    assert not [word for word in words if not re.search(rf"`[^`\n]*\b{word}\b[^`\n]*`", PAGE)]


def test_what_the_page_says_is_refused_is_refused() -> None:
    refused = [
        "skill(x) >= 1",
        "count(Login) < 0",
        "count(Login, last 2 months) > 1",
        "max(properties.x of A, any 7 days) > 1",
    ]
    for formula in refused:
        with pytest.raises(DefinitionError):
            load_definition(f"definition: d\nsubject: account\nvalue:\n  all:\n    - {formula}\n")
