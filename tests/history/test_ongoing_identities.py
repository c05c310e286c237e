"""Who is who by records in any order is who is who by all of them at once."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from fireflower.history.identities import Identities
from fireflower.history.ongoing import OngoingIdentities
from fireflower.model.records import APART, Kind, Record

IDS = [f"id{number}" for number in range(6)]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(("", "", APART)), st.sampled_from(IDS), st.sampled_from(IDS)))
)
def test_in_any_order(said: list[tuple[int, str, str, str]]) -> None:
    ongoing, records = OngoingIdentities(), []
    for number, (moment, name, person, other) in enumerate(said):
        before = {id: ongoing.person(id) for id in IDS}
        records.append(Record(moment, Kind.IDENTITY, name, person, value=other, message_id=str(number)))
        changed = ongoing.add(records[-1])
        whole = Identities(sorted(records, key=Record.order))
        assert {id: ongoing.person(id) for id in IDS} == {id: whole.person(id) for id in IDS}
        assert changed == {id: before[id] for id in IDS if ongoing.person(id) != before[id]}


def test_a_person_of_very_many_ids() -> None:
    """And an id of very many people. Eight hundred once took more than a minute, and it went with the third power."""
    ongoing, began = OngoingIdentities(), time.process_time()
    for number in range(5_000):
        ongoing.add(Record(number, Kind.IDENTITY, person="ann", value=f"x{number}"))
        ongoing.add(Record(number, Kind.IDENTITY, person=f"user {number}", value="shared"))
    assert time.process_time() - began < 5
    assert ongoing.person("shared") == "user 0" and len(ongoing.ids("user 9")) == 5_001
    assert len(ongoing.ids("ann")) == 5_001 and ongoing.person("x4999") == "ann"
