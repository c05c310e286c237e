"""From messages to records: by the very readers that read files of the same forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

import msgspec

from fireflower.history.log.database import Database
from fireflower.history.log.durable import Durable
from fireflower.history.log.firsts import Firsts, digest
from fireflower.history.log.messages import Kept
from fireflower.history.mapping import Mapping as FileMapping
from fireflower.history.readers.batches import Told
from fireflower.history.readers.plain_segment import PlainChecks, plain, sent_of
from fireflower.history.readers.posthog import PostHogShape
from fireflower.history.readers.segment import SegmentShape
from fireflower.history.readers.times import TimeReader
from fireflower.history.readers.told import Once
from fireflower.model.messages import AHEAD, Form
from fireflower.model.records import IDENTITY, Record

Mappings = Mapping[Form, FileMapping]
PLAIN: Mappings = {"segment": FileMapping(form="segment"), "posthog": FileMapping(form="posthog")}

_AT_ONCE = 400

_decode = msgspec.json.Decoder().decode


class Text(Protocol):
    """What a message is read by."""

    @property
    def form(self) -> Form: ...

    @property
    def body(self) -> bytes: ...


class MessageReader:
    """Reads messages, in any order.

    That a person bears an anonymous id is said by every message that names both; it is told once, and again only by a
    message from before.

    Parameters
    ----------
    once : knows what has been told; by default, what has been told by this reader
    """

    def __init__(self, mappings: Mappings = PLAIN, once: Once | None = None) -> None:
        self._shapes: dict[Form, SegmentShape | PostHogShape] = {
            "segment": SegmentShape(mappings["segment"], once),
            "posthog": PostHogShape(mappings["posthog"], once),
        }

    def told(self, message: Text) -> list[Told]:
        """What a message says.

        Raises
        ------
        ValueError
            With the reason, if it cannot be read.
        """
        shape = self._shapes[message.form]
        try:
            return [*shape.read(message.body), *shape.finish()]
        except msgspec.MsgspecError as error:
            raise ValueError(f"not of the expected form: {error}") from None

    def records(self, kept: Iterable[Kept]) -> list[Record]:
        """What messages of the log say."""
        return [record_of(told) for each in kept for told in self.told(each)]


class PlainReader:
    """Reads what clients send all but always, for a fraction of what it costs to ask the reader of the form."""

    def __init__(self, mapping: FileMapping) -> None:
        self._times = TimeReader(mapping)
        self._stamp: str | None = None
        self._received, self._checks = 0, PlainChecks(self._times, 0, AHEAD)

    def event(self, message: Text) -> Record | None:
        """The event that a message of Segment's form says, if that needs no closer look; it may say more besides, if it
        is the first to do so."""
        said = plain(message.body) if message.form == "segment" else None
        if said is None or said.type != "track" or not isinstance(said.receivedAt, str):
            return None
        if said.receivedAt != self._stamp:  # those of one request have one
            try:
                self._received = self._times.moment(said.receivedAt)
            except ValueError:
                return None
            self._stamp, self._checks = said.receivedAt, PlainChecks(self._times, self._received, AHEAD)
        return self._checks.event(said, sent_of(said))


class LogReader:
    """Reads messages of the log again: each says what it said when it came."""

    def __init__(self, database: Database, mappings: Mappings) -> None:
        self._firsts = Firsts(database)
        self._reader = MessageReader(mappings, self._counts)
        self._plain = PlainReader(mappings["segment"])
        self._position = 0
        self._told: set[tuple[int, bytes]] = set()

    def read(self, kept: Iterable[Kept]) -> Durable:
        """What messages say, which come in the order of the log."""
        return Durable.together([Durable.of(self._records(some)) for some in self._looked_up(kept)])

    def _records(self, kept: Sequence[Kept]) -> Iterator[tuple[int, Sequence[Record]]]:
        saying = {position for position, _ in self._told}
        for each in kept:
            event = None if each.position in saying else self._plain.event(each)
            yield each.position, [event] if event is not None else list(map(record_of, self._said(each)))

    def all(self, kept: Iterable[Kept]) -> Iterator[tuple[Kept, list[Told]]]:
        """Messages, each with what it says."""
        for some in self._looked_up(kept):
            for each in some:
                yield each, self._said(each)

    def _looked_up(self, kept: Iterable[Kept]) -> Iterator[list[Kept]]:
        """Messages, some at a time, after it has been looked up what they were the first to say."""
        remaining = iter(kept)
        while some := list(islice(remaining, _AT_ONCE)):
            self._told = self._firsts.told([each.position for each in some])
            yield some

    def _said(self, kept: Kept) -> list[Told]:
        self._position = kept.position
        return self._reader.told(kept)

    def _counts(self, what: tuple[str, ...], time: int) -> bool:
        return (self._position, digest(what)) in self._told


def record_of(told: Told) -> Record:
    """The record that a reader has told."""
    value: Any = told.other
    if told.kind != IDENTITY:
        value = None if told.value is None else _decode(told.value)
    return Record(
        time=told.time,
        kind=told.kind,
        name=told.name,
        person=told.person,
        account=told.account,
        value=value,
        properties=_decode(told.properties) if told.properties else {},
        message_id=told.message_id or "",
        received=told.received,
    )
