"""What a rule is called, by what became of it later."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from discover.frames import counts, frame
from fireflower.discover import study
from fireflower.discover.study import Question, findings, searched
from fireflower.model.moments import DAY


def test_a_rule_of_now_must_hold_itself_where_the_rehearsal_found_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """What another rule was worth later says nothing of this one: no grade by it, and nothing of it held equal."""
    rng = np.random.default_rng(6)
    columns = counts(rng, 3000, 5)
    reached = rng.random(3000) < np.where(columns[0].numbers >= 2, 0.2, 0.05)
    [ground], p = searched([frame(columns, reached)], Question(30 * DAY, permutations=40))
    same = findings(ground, Question(30 * DAY), p)
    assert same.rehearsal is not None and same.rehearsal.like >= 0.95 and same.rules[0].grade != "unconfirmed"
    assert same.rules[0].adjusted is not None
    unlike = replace(same.rehearsal, like=0.3)
    monkeypatch.setattr(study, "_rehearsal", lambda *given: unlike)
    other = findings(ground, Question(30 * DAY), p).rules[0]
    assert (other.grade, other.adjusted) == ("predictive", None)
    monkeypatch.setattr(study, "_later", lambda *given: replace(same.rehearsal.later, p=0.5))
    assert findings(ground, Question(30 * DAY), p).rules[0].grade == "unconfirmed"
    monkeypatch.setattr(study, "_rehearsal", lambda *given: replace(same.rehearsal, later=replace(unlike.later, p=0.5)))
    assert findings(ground, Question(30 * DAY), 0.005).rules[0].grade == "unconfirmed"
    monkeypatch.undo()
    failed = replace(same.rehearsal, later=replace(unlike.later, p=0.5))
    monkeypatch.setattr(study, "_rehearsal", lambda *given: failed)
    assert findings(ground, Question(30 * DAY), 0.005).rules[0].grade == "predictive"
    assert findings(ground, Question(30 * DAY), 0.04).rules[0].grade == "unconfirmed"
