"""Which person an id belongs to."""

from __future__ import annotations

import pytest

from fireflower.history.identities import Identities
from fireflower.model.records import APART, Kind, Record


def identities(*pairs: tuple[str, str]) -> Identities:
    return Identities(Record(i, Kind.IDENTITY, person=known, value=other) for i, (known, other) in enumerate(pairs))


def test_an_anonymous_id_belongs_to_the_first_known_id() -> None:
    people = identities(("ann", "device"), ("bob", "device"))
    assert people.person("device") == "ann"
    assert people.person("bob") == "bob"


def test_two_known_ids_become_one_person_who_bears_the_id_named_as_known() -> None:
    people = identities(("old", "device"), ("new", "old"))
    assert people.person("device") == people.person("old") == "new"
    assert people.merged() == {"device": "new", "old": "new"}


@pytest.mark.parametrize("late", [("a", "b"), ("b", "a"), ("c", "a")])
def test_a_merged_id_bears_the_name_of_its_person_in_later_merges(late: tuple[str, str]) -> None:
    people = identities(("a", "x"), ("b", "y"), ("c", "z"), ("b", "a"), ("c", "b"), late)
    assert {people.person(id) for id in "abcxyz"} == {"c"}


def test_an_id_that_is_named_as_known_later_is_merged_not_handed_over() -> None:
    people = identities(("ann", "x"), ("bob", "x"), ("x", "device"))
    assert {people.person(id) for id in ("ann", "bob", "x", "device")} == {"bob"}


def test_nothing_changes_by_naming_oneself() -> None:
    assert identities(("ann", "ann")).person("ann") == "ann"


def test_a_long_chain_of_merges_is_followed() -> None:
    people = identities(*[(str(i + 1), str(i)) for i in range(5000)])
    assert people.person("0") == "5000"


def test_what_is_set_apart_is_joined_no_longer_until_it_is_again() -> None:
    joined = Record(1, Kind.IDENTITY, person="ann", value="x1")
    apart = Record(2, Kind.IDENTITY, APART, person="x1", value="ann")
    again = Record(3, Kind.IDENTITY, person="ann", value="x1")
    assert Identities([joined]).person("x1") == "ann"
    assert Identities([joined, apart]).person("x1") == "x1"
    assert Identities([joined, apart, again]).person("x1") == "ann"
