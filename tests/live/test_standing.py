"""How a subject stands now, asked of the states that are kept, is what a replay says; and asking changes nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from oracle import strategies
from oracle.engine import told_by_engine
from oracle.values import identity

from fireflower.app.live.qualifying import Qualifying
from fireflower.evaluate.replay import standing
from fireflower.evaluate.results import Subject, Transitions
from fireflower.history.arrivals import Arrivals, Numbered
from fireflower.history.assembly import assemble, canonical
from fireflower.model.moments import DAY, HOUR
from fireflower.model.records import SubjectKind
from live.test_qualifying import Memory, Verdicts, in_order

KINDS: tuple[SubjectKind, ...] = ("person", "account")
Stood = dict[tuple[str, str, str], tuple[object, ...]]


def stood(found: Transitions) -> Stood:
    """(kind, subject, definition) -> how it stands."""
    return {
        (Subject(found.kind[i]).name.lower(), found.subject_id(i), found.definitions[found.definition[i]].name): (
            int(found.change[i]),
            int(found.at[i]),
            int(found.reason[i]),
            tuple((each.holds, identity(each.value), each.since) for each in found.shown(i)),
        )
        for i in range(len(found))
    }


@strategies.examples(60)
@given(strategies.cases(), st.integers(1, 10), st.sampled_from((0, HOUR, DAY, 5 * DAY)))
def test_standing_is_that_of_a_replay(case: strategies.Case, size: int, wait: int) -> None:
    definitions, settings, records, as_of = case
    memory, verdicts = Memory(), Verdicts()
    qualifying = Qualifying(definitions, settings, memory.find)
    numbered = [Numbered(record, number) for number, record in enumerate(canonical(records))]
    people = sorted({record.person for record in records if record.person})
    accounts = sorted({record.account for record in records if record.account})

    def ask(now: int) -> Stood:
        found: Stood = {}
        for kind, ids in zip(KINDS, (people, accounts), strict=True):
            for id in ids:
                each = qualifying.standing(kind, id, now)
                found |= {} if each is None else stood(each)
        return found

    for first in range(0, len(numbered), size):
        some = numbered[first : first + size]
        memory.records += some
        now = min(as_of, max(each.record.time for each in some))
        verdicts.add(qualifying.take(Arrivals.of(some), now))
        ask(min(as_of, now + wait))
    found = ask(as_of)
    verdicts.add(qualifying.take(Arrivals.of([]), as_of))
    timeline = assemble(records, attribution=settings.attribution)
    expected = stood(standing(definitions, settings, [timeline], as_of=as_of, everyone=True, compiled=False))
    assert found == expected
    assert verdicts.all() == in_order(told_by_engine(case))
