"""How a subject stands now, asked of the states that are kept, is what a replay says; and asking changes nothing."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st
from oracle import strategies
from oracle.engine import told_by_engine
from oracle.values import identity

from fireflower.app.live.alone import standing_alone, transitions_alone
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

    everybody = [(kind, id) for kind, ids in zip(KINDS, (people, accounts), strict=True) for id in ids]

    def ask(now: int) -> Stood:
        found: Stood = {}
        together = qualifying.standing(everybody, now)
        for who, each in zip(everybody, together, strict=True):
            found |= {} if each is None else stood(each)
            (alone,) = qualifying.standing([who], now)
            assert (alone is None) == (each is None) and (each is None or alone is None or stood(alone) == stood(each))
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
    changes = defaultdict(set)
    for at, _, kind, id, definition, change, *_ in told_by_engine(case):
        changes[kind, id].add((definition, change, at))
    for who in everybody:
        assert transitions_alone(memory.find, settings, definitions, *who, as_of) == changes[who]
    alone = [standing_alone(memory.find, settings, definitions, *who, as_of) for who in everybody]
    assert {who: each for one in alone if one is not None for who, each in stood(one).items()} == {
        who: each for who, each in expected.items() if who[0] in {each.subject for each in definitions}
    }
