"""Equal for equal meanings, different for different ones, and the same for ever."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fireflower.language.expressions import parse_formula
from fireflower.language.fingerprints import canonical, fingerprint
from fireflower.language.loading import load_definition, load_settings

TEXT = """\
definition: team
subject: account
kind: usage
description: what it means
owner: ann
quantities:
  runs: count(Report Run, last 7 days)
value: {all: [runs >= 3, members >= 2]}
fit: account.industry in [software, internet]
qualified: value and fit
score: {points: {did(A): 5, did(B): 6}, cap: 8}
goal: Paid or Upgraded
cooldown: 7 days
"""


def of(text: str) -> str:
    return fingerprint(load_definition(text))


def test_it_never_changes() -> None:
    assert of(TEXT) == "58c45face4513d83"


SAME = [
    ("definition: team", "definition: other"),
    ("kind: usage", "kind: hand raise"),
    ("description: what it means\n", ""),
    ("owner: ann", "owner: bob"),
    ("runs", "reports"),
    ("runs >= 3, members >= 2", "members >= 2, runs >= 3"),
    ("{all: [runs >= 3, members >= 2]}", "(members >= 2 and (runs >= 3.0))"),
    ("[software, internet]", '[internet, "software"]'),
    ("qualified: value and fit\n", ""),
    ("{did(A): 5, did(B): 6}", "{did(B): 6, did(A): 5}"),
    ("Paid or Upgraded", "[Upgraded, Paid]"),
    ("cooldown: 7 days", "cooldown: 168 hours"),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_same_meaning(old: str, new: str) -> None:
    assert old in TEXT
    assert of(TEXT.replace(old, new)) == of(TEXT)


DIFFERENT = [
    ("runs >= 3", "runs > 3"),
    ("runs >= 3", "runs >= 4"),
    ("last 7 days", "any 7 days"),
    ("all:", "any:"),
    ("value and fit", "value or fit"),
    ("did(A): 5", "did(A): 5.5"),
    ("cap: 8", "cap: 9"),
    ("Paid or Upgraded", "Paid"),
    ("cooldown: 7 days", "keep_after_goal: true"),
    ("account.industry in", "account.sector in"),
]


@pytest.mark.parametrize(("old", "new"), DIFFERENT)
def test_different_meaning(old: str, new: str) -> None:
    assert old in TEXT
    assert of(TEXT.replace(old, new)) != of(TEXT)


def test_python_takes_true_for_1_but_meaning_does_not() -> None:
    one, true = (parse_formula(f"account.x = {bound}") for bound in ("1", "true"))
    assert one == true
    assert canonical(one) != canonical(true)
    assert canonical(parse_formula('account.x = "1"')) != canonical(one)


def test_logic_is_compared_by_meaning() -> None:
    same = ["not not did(A)", "did(A) and did(A)", "(did(A))", "did(A) and always"]
    assert len({canonical(parse_formula(text)) for text in same}) == 1
    assert canonical(parse_formula("did(A) or (did(B) or did(C))")) == canonical(
        parse_formula("did(C) or did(A) or did(B)")
    )


def test_settings() -> None:
    settings = load_settings("project: a\ntimezone: Europe/Berlin\n")
    assert fingerprint(settings) == fingerprint(replace(settings, name="b", imports={"x": 1}))
    assert fingerprint(settings) != fingerprint(replace(settings, timezone="UTC"))
