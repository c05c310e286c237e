"""Names beside ids: found as of now, and nothing else is changed by asking for them."""

from __future__ import annotations

import numpy as np
import pytest

from fireflower.app.naming import name_trait, naming, without_names
from fireflower.evaluate.replay import standing
from fireflower.history.assembly import assemble
from fireflower.language.loading import load_definition
from fireflower.language.nodes import Settings, Trait
from fireflower.model.moments import DAY
from fireflower.model.records import Kind, Record

TEAM = "definition: team\nsubject: account\nvalue: count(Run) >= 1\nfit: account.size >= 2"
NAMED = TEAM.replace("team", "named") + "\nintent: account.company is known"
PERSON = "definition: person\nsubject: person\nvalue: count(Run) >= 1"


def trait(account: str, name: str, value: object, day: float = 0) -> Record:
    return Record(int(day * DAY), Kind.ACCOUNT_TRAIT, name, account=account, value=value)


RECORDS = [
    trait("a1", "company", "Acme"),
    trait("a1", "size", 3),
    trait("a2", "size", 5),
    trait("a3", "company", 42),
    trait("a3", "size", 9),
    trait("a1", "company", "Acme Ltd", 4),
    *(
        Record(day * DAY, Kind.EVENT, "Run", person=f"p{day}", account=account, message_id=f"m{day}")
        for day, account in enumerate(("a1", "a2", "a3"), 1)
    ),
]


@pytest.mark.parametrize("texts", [(TEAM, PERSON), (NAMED, TEAM), (PERSON,)])
def test_names_are_those_of_now_and_the_rest_is_as_it_is(texts: tuple[str, ...]) -> None:
    definitions, timeline = [load_definition(text) for text in texts], assemble(RECORDS)
    traits = [name_trait(definition.subject, timeline.vocabulary) for definition in definitions]
    named = [naming(*each) for each in zip(definitions, traits, strict=True)]
    plain = standing(definitions, Settings(), [timeline], compiled=False)
    found, names = without_names(standing(named, Settings(), [timeline], compiled=False), definitions, traits)
    assert found.definitions == tuple(definitions)
    assert np.array_equal(found.subject, plain.subject) and np.array_equal(found.at, plain.at)
    assert [found.shown(i) for i in range(len(found))] == [plain.shown(i) for i in range(len(plain))]
    called = dict(zip(map(found.subject_id, range(len(found))), names, strict=True))
    assert called.items() <= {"a1": "Acme Ltd", "a2": "", "a3": "42", "p1": "", "p2": "", "p3": ""}.items()


def test_the_best_trait_that_the_data_have_is_the_name() -> None:
    vocabulary = assemble([trait("a1", "email", "x@y.z"), trait("a1", "company", "Acme")]).vocabulary
    assert name_trait("account", vocabulary) == Trait("account", "company")
    assert name_trait("person", vocabulary) is None
