"""Who is who, said by those who run it: two ids joined, or set apart again."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass

from fireflower.app.live.service import Service
from fireflower.model.errors import FireflowerError
from fireflower.model.messages import Message
from fireflower.model.moments import iso

SOURCE = "fireflower/identities"
"""What the log names as the source. No write key is named so: those have no slash."""

_PATIENCE = 60.0
"""Seconds that one waits for the log and the evaluator."""

_SOON = 10.0
"""Seconds after which the answer is given though the message has not been evaluated."""


class NotJoined(FireflowerError):
    """No record joins these two ids, so there is nothing to set apart."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """A person, by the id that verdicts name, with all ids that are theirs."""

    person: str
    ids: tuple[str, ...]


def merge(service: Service, id: str, other: str) -> list[Bearer]:
    """Two ids are one person from now on, over all of history; the person bears `id`, if both had been known.

    Raises
    ------
    NotReady, StorageError
        As the service does.
    """
    id, other = _both(id, other)
    service.ask(lambda evaluator: None).result(_PATIENCE)  # if nobody can answer, nothing is to have been said
    return _say(service, "alias", id, other)


def split(service: Service, id: str, other: str) -> list[Bearer]:
    """Two ids that were joined are two people again, over all of history.

    Raises
    ------
    NotJoined
        If no record joins just these two.
    NotReady, StorageError
        As the service does.
    """
    id, other = _both(id, other)
    joined, ids = service.ask(lambda found: (found.is_joined(id, other), found.ids(id))).result(_PATIENCE)
    if not joined:
        raise NotJoined(
            f"no record joins {id!r} and {other!r}. Joined with {id!r} are: "
            f"{', '.join(repr(each) for each in ids if each != id) or 'none'}. Set apart a pair that was joined."
        )
    return _say(service, "unalias", id, other)


def _both(id: str, other: str) -> tuple[str, str]:
    """Two ids as the readers of messages know them: without space around them."""
    ids = id.strip(), other.strip()
    if not all(ids) or ids[0] == ids[1]:
        raise NotJoined(f"expected two different ids that are not blank, got {id!r} and {other!r}.")
    return ids


def _say(service: Service, type: str, id: str, other: str) -> list[Bearer]:
    """Have a message say it, like those of clients: so it is in the log, and in every replay of it."""
    now, key = service.clock(), f"{SOURCE}/{uuid.uuid4()}"
    said = {"type": type, "userId": id, "previousId": other, "messageId": key, "timestamp": iso(now)}
    body = json.dumps({**said, "receivedAt": iso(now)}, ensure_ascii=False).encode()
    service.submit([Message("segment", key, body, now, SOURCE)]).result(_PATIENCE)
    _await(service, id, other, joined=type == "alias")
    found = service.ask(lambda evaluator: {evaluator.person(each): tuple(evaluator.ids(each)) for each in (id, other)})
    return [Bearer(person, ids) for person, ids in found.result(_PATIENCE).items()]


def _await(service: Service, id: str, other: str, *, joined: bool) -> None:
    """Wait until it is so; where much comes, the message may wait to be evaluated."""
    until = time.monotonic() + _SOON
    while service.ask(lambda evaluator: evaluator.is_joined(id, other)).result(_PATIENCE) != joined:
        if time.monotonic() > until:
            return
        time.sleep(0.05)
