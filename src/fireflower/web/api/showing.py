"""From what the service knows to what is answered."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy

import msgspec

from fireflower.app.explained import asked, explanation_json, finite, there_is
from fireflower.app.live import asking as live
from fireflower.app.live.changing import Changes
from fireflower.app.live.editions import Difference
from fireflower.app.live.identifying import Bearer
from fireflower.app.live.rereading import Reread
from fireflower.app.live.stands import Now, Stand, Stands
from fireflower.evaluate.results import Evidence, Value
from fireflower.history.log.postings import Posting
from fireflower.history.log.rejects import Rejected
from fireflower.history.log.verdicts import Changed, Recorded
from fireflower.language.describing import describe_condition
from fireflower.language.nodes import Compare, Condition
from fireflower.model.moments import iso
from fireflower.model.remembering import remembered, remembered_with_value
from fireflower.web.api import answers
from fireflower.web.ingest.keys import without_keys

_in_words = remembered(describe_condition)
_evidence = msgspec.json.Decoder(list[answers.Condition]).decode
_MOST_STILL = 100

# --- How users stand now ----------------------------------------------------------------------------------------------


def now(found: Now, behind: int) -> answers.Now:
    prompts = [
        answers.Prompt(stand.definition.name, each.kind, each.id, stand.way.next_step) for each, stand in found.steps()
    ]
    return answers.Now(
        iso(found.as_of), behind, [_stands(each) for each in found.subjects], prompts, found.more_accounts
    )


def _stands(found: Stands) -> answers.Stands:
    return answers.Stands(found.kind, found.id, found.known, [_verdict(stand) for stand in found.stands])


def _verdict(found: Stand) -> answers.Verdict:
    return answers.Verdict(
        definition=found.definition.name,
        qualified=found.qualified,
        since=iso(found.since),
        reason=None if found.reason is None else found.reason.label,
        done=[_quantity(state) for state in found.conditions if state.holds],
        not_done=[_quantity(state) for state in found.conditions if not state.holds],
        missing=[asked(state) for state in found.way.missing],
        next_step=found.way.next_step or None,
    )


def _quantity(state: Evidence) -> answers.Quantity:
    found = copy(_said(state.condition, state.value))
    found.since = iso(state.since)
    return found


@remembered_with_value
def _said(condition: Condition, value: Value) -> answers.Quantity:
    """What is said of any subject of which a condition's quantity is this."""
    state = Evidence(condition, False, value, 0, None)
    found = answers.Quantity(asked(state), _in_words(condition), finite(value), there_is(state), since="")
    match condition.test:
        case Compare(op, bound):
            found.test, found.bound, found.share = op, bound, _share(op, bound, value)
    return found


def _share(op: str, bound: object, value: object) -> float | None:
    if op not in (">=", ">") or isinstance(bound, str | bool) or isinstance(value, str | bool | list):
        return None
    low, there = float(bound), float(value or 0.0)  # type: ignore[arg-type]
    return finite(min(1.0, max(0.0, there / low))) if low > 0 else None


# --- The record -------------------------------------------------------------------------------------------------------


def transition(found: Recorded) -> answers.Transition:
    return answers.Transition(
        id=found.id,
        subject_kind=found.kind,  # type: ignore[arg-type]
        subject=found.subject,
        definition=found.definition,
        fingerprint=found.meaning,
        change=found.change,  # type: ignore[arg-type]
        reason=found.reason,
        at=iso(found.at),
        known_at=iso(found.known_at),
        recorded_at=iso(found.recorded),
        past=found.past,
        evidence=_evidence(found.evidence),
        retracted_at=_moment(found.retracted),
    )


def change(found: Changed) -> answers.Change:
    return answers.Change(found.id, found.what, iso(found.at), transition(found.transition))  # type: ignore[arg-type]


def lead(found: Recorded) -> answers.Lead:
    kind, evidence = found.kind, _evidence(found.evidence)
    return answers.Lead(kind, found.subject, found.definition, iso(found.at), evidence)  # type: ignore[arg-type]


def subject(found: live.Subject) -> answers.Subject:
    known = found.profile
    return answers.Subject(
        subject_kind=known.kind,
        subject=known.id,
        ids=list(known.ids),
        as_of=iso(known.as_of),
        first=iso(known.first),
        last=iso(known.last),
        records=known.records,
        traits={name: finite(value) for name, value in known.traits.items()},
        memberships=[
            answers.Membership(each.person, each.account, each.role, iso(each.since)) for each in known.memberships
        ],
        members=known.members,
        qualified={definition: iso(since) for definition, since in found.standing.items()},
        explanations=[
            msgspec.convert(explanation_json(each, known.tipped), answers.Explanation) for each in known.explanations
        ],
        transitions=[transition(each) for each in found.transitions],
    )


# --- Definitions, deliveries, rejects ---------------------------------------------------------------------------------


def definition(found: live.Described) -> answers.Definition:
    meant = found.definition
    return answers.Definition(
        name=meant.name,
        subject_kind=meant.subject,
        kind=meant.kind,
        description=meant.description,
        owner=meant.owner,
        in_words=found.description,
        fingerprint=found.fingerprint,
        since=_moment(found.since),
        qualified=found.qualified,
    )


def edition(found: Changes, limit: int) -> answers.Edition:
    definitions = [_difference(each, limit) for each in found.differences]
    return answers.Edition(iso(found.as_of), definitions, list(found.same), list(found.destinations))


def _difference(found: Difference, limit: int) -> answers.Difference:
    return answers.Difference(
        definition=found.definition,
        what=found.what,
        entering=len(found.entering),
        leaving=len(found.leaving),
        staying=found.staying,
        enters=sorted(id for _, id in found.entering)[:limit],
        leaves=sorted(id for _, id in found.leaving)[:limit],
    )


def identities(found: Iterable[Bearer]) -> answers.Identities:
    return answers.Identities([answers.Bearer(each.person, list(each.ids)) for each in found])


def delivery(found: Posting) -> answers.Delivery:
    return answers.Delivery(
        key=found.key,
        transition=found.transition,
        destination=found.destination,
        subject_kind=found.kind,  # type: ignore[arg-type]
        subject=found.subject,
        planned=iso(found.planned),
        state=found.state,
        due=iso(found.due),
        attempts=found.attempts,
        reason=found.reason,
        tries=[answers.Attempt(iso(each.at), each.outcome, each.detail) for each in found.tries],
    )


def reject(found: Rejected) -> answers.Reject:
    body = without_keys(found.body).decode("utf-8", "replace")  # an earlier version kept them
    received, replayed = iso(found.received), _moment(found.replayed)
    return answers.Reject(found.id, received, found.source, found.reason, body, replayed)


def reread(found: Reread) -> answers.Reread:
    return answers.Reread(len(found.taken), len(found.still), _still(found.still[:_MOST_STILL]))


def _still(found: Iterable[tuple[int, str]]) -> list[answers.StillRejected]:
    return [answers.StillRejected(id, reason) for id, reason in found]


def _moment(moment: int | None) -> str | None:
    return None if moment is None else iso(moment)
