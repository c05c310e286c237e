"""What the API answers: each question with its use case."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from fireflower.app.live.asking import Asking
from fireflower.app.live.identifying import merge, split
from fireflower.history.log.postings import Which
from fireflower.web.api import answers, questions, showing
from fireflower.web.api.cursors import cursor_of, place_of
from fireflower.web.api.declaring import Endpoint
from fireflower.web.api.questions import moment_of
from fireflower.web.api.refusals import Refused

_PATIENCE = 2.0
"""Seconds that a page waits for the evaluator."""


async def _now(asking: Asking, asked: questions.Now, request: Request) -> answers.Now:
    if asked.person is None and asked.account is None:
        raise Refused(422, "invalid", "expected 'person', 'account' or both: whom is it about?")
    waiting = asking.now(asked.person, asked.account)
    if not waiting.done():
        await asyncio.wait_for(asyncio.wrap_future(waiting), _PATIENCE)
    found = waiting.result().read()
    if not any(each.known for each in found.subjects):
        raise Refused(404, "unknown_subject", f"nothing is known of {_whom(asked)} yet. Check the id, and its kind.")
    return showing.now(found, asking.service.waiting())


def _whom(asked: questions.Now) -> str:
    named = {"person": asked.person, "account": asked.account}
    return " and ".join(f"the {kind} {id!r}" for kind, id in named.items() if id is not None)


def _qualified(asking: Asking, asked: questions.Qualified) -> answers.Leads:
    found = asking.qualified(asked.definition, place_of(asked.cursor), asked.limit)
    more = cursor_of((found[-1].at, found[-1].subject)) if len(found) == asked.limit else None
    return answers.Leads([showing.lead(each) for each in found], more)


def _subject(asking: Asking, asked: questions.Subject) -> answers.Subject:
    return showing.subject(asking.subject(asked.kind, asked.id))


def _transitions(asking: Asking, asked: questions.Transitions) -> answers.Changes:
    found = [showing.change(each) for each in asking.changes(asked.after, asked.limit)]
    return answers.Changes(found, found[-1].cursor if found else asked.after)


def _definitions(asking: Asking, asked: object) -> answers.Definitions:
    return answers.Definitions([showing.definition(each) for each in asking.definitions()])


def _definition(asking: Asking, asked: questions.Definition) -> answers.Definition:
    return showing.definition(asking.definition(asked.name))


def _preview(asking: Asking, asked: questions.Preview) -> answers.Edition:
    return showing.edition(asking.service.changing.preview(), asked.limit)


def _apply(asking: Asking, asked: questions.Apply) -> answers.Edition:
    return showing.edition(asking.service.changing.apply(tell_past=asked.tell_past), asked.limit)


def _drop(asking: Asking, asked: object) -> answers.Dropped:
    return answers.Dropped(asking.service.changing.drop())


def _merge(asking: Asking, asked: questions.Identities) -> answers.Identities:
    return showing.identities(merge(asking.service, asked.id, asked.other))


def _split(asking: Asking, asked: questions.Identities) -> answers.Identities:
    return showing.identities(split(asking.service, asked.id, asked.other))


def _deliveries(asking: Asking, asked: questions.Deliveries) -> answers.Deliveries:
    states = None if asked.state is None else (asked.state,)
    since, until = moment_of(asked.since, "since"), moment_of(asked.until, "until")
    which = Which(states, asked.destination, asked.subject, since, until)
    found = asking.deliveries(which, place_of(asked.cursor), asked.limit)
    more = cursor_of((found[-1].planned, found[-1].key)) if len(found) == asked.limit else None
    return answers.Deliveries([showing.delivery(each) for each in found], more)


def _deliver_again(asking: Asking, asked: questions.ReplayDeliveries) -> answers.Replayed:
    since, until = moment_of(asked.since, "since"), moment_of(asked.until, "until")
    which = Which(asked.states, asked.destination, asked.subject, since, until)
    if replace(which, states=None) == Which():
        raise Refused(422, "invalid", "say which: expected 'destination', 'subject', 'since' or 'until'.")
    return answers.Replayed(asking.deliver_again(which))


def _rejects(asking: Asking, asked: questions.Rejects) -> answers.Rejects:
    place = place_of(asked.cursor)
    found = asking.rejects(asked.source, None if place is None else place[0], asked.limit)
    more = cursor_of((found[-1].id, "")) if len(found) == asked.limit else None
    return answers.Rejects([showing.reject(each) for each in found], more)


def _read_again(asking: Asking, asked: questions.ReplayRejects) -> answers.Reread:
    since, until = moment_of(asked.since, "since"), moment_of(asked.until, "until")
    if (asked.source, since, until) == (None, None, None):
        raise Refused(422, "invalid", "say which: expected 'source', 'since' or 'until'.")
    return showing.reread(asking.read_again(asked.source, since, until))


async def _stream(asking: Asking, asked: questions.Stream, request: Request) -> Response:
    return await request.app.state.streams.open(asking, asked.after, request)


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "GET",
        "/api/v1/now",
        "What now for this user: how a person and their accounts stand, and the next step.",
        questions.Now,
        answers.Now,
        _now,
        waits=True,
    ),
    Endpoint(
        "GET",
        "/api/v1/qualified",
        "Who is qualified by a definition, the most recent first.",
        questions.Qualified,
        answers.Leads,
        _qualified,
    ),
    Endpoint(
        "GET",
        "/api/v1/subjects/{kind}/{id:path}",
        "All that is known of a person or an account.",
        questions.Subject,
        answers.Subject,
        _subject,
    ),
    Endpoint(
        "GET",
        "/api/v1/transitions",
        "What has been recorded and taken back, in order, behind a cursor.",
        questions.Transitions,
        answers.Changes,
        _transitions,
    ),
    Endpoint(
        "GET",
        "/api/v1/stream",
        "The same as server-sent events, as it happens.",
        questions.Stream,
        str,
        _stream,
        media="text/event-stream",
        waits=True,
        description="Events are named `recorded` and `retracted`; their id is the cursor, their data a Change.",
    ),
    Endpoint(
        "GET",
        "/api/v1/definitions",
        "The project's definitions, in plain English.",
        questions.Nothing,
        answers.Definitions,
        _definitions,
    ),
    Endpoint(
        "GET",
        "/api/v1/definitions/{name:path}",
        "One definition.",
        questions.Definition,
        answers.Definition,
        _definition,
    ),
    Endpoint(
        "POST",
        "/api/v1/definitions/preview",
        "Who would enter and who would leave if the project's edited files took effect now.",
        questions.Preview,
        answers.Edition,
        _preview,
        scope="admin",
        description="What means something else is evaluated over all of history, beside what is at work. It stays "
        "prepared until it takes effect or is dropped. Faults of the files are answered with 422 and change nothing.",
    ),
    Endpoint(
        "POST",
        "/api/v1/definitions/apply",
        "Let the project's edited files take effect, in one moment.",
        questions.Apply,
        answers.Edition,
        _apply,
        scope="admin",
    ),
    Endpoint(
        "POST",
        "/api/v1/definitions/drop",
        "Forget what a preview has prepared.",
        questions.Nothing,
        answers.Dropped,
        _drop,
        scope="admin",
    ),
    Endpoint(
        "POST",
        "/api/v1/identities/merge",
        "Two ids are one person, over all of history.",
        questions.Identities,
        answers.Identities,
        _merge,
        scope="admin",
    ),
    Endpoint(
        "POST",
        "/api/v1/identities/split",
        "Two ids that were joined are two people again, over all of history.",
        questions.Identities,
        answers.Identities,
        _split,
        scope="admin",
    ),
    Endpoint(
        "GET",
        "/api/v1/deliveries",
        "What is, was or will be delivered, the latest first.",
        questions.Deliveries,
        answers.Deliveries,
        _deliveries,
    ),
    Endpoint(
        "POST",
        "/api/v1/deliveries/replay",
        "Let deliveries be sent once more: of a period, a destination, a subject.",
        questions.ReplayDeliveries,
        answers.Replayed,
        _deliver_again,
        scope="admin",
    ),
    Endpoint(
        "GET",
        "/api/v1/rejects",
        "What could not be taken, with the reason, the latest first.",
        questions.Rejects,
        answers.Rejects,
        _rejects,
    ),
    Endpoint(
        "POST",
        "/api/v1/rejects/replay",
        "Read what could not be taken again; what can be read now becomes messages.",
        questions.ReplayRejects,
        answers.Reread,
        _read_again,
        scope="admin",
    ),
)
"""In the order of docs/api.md."""
