"""From messages to records: by the very readers that read files of the same forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

import msgspec

from fireflower.history.log.database import Database
from fireflower.history.log.durable import Durable, first_number, number_of
from fireflower.history.log.firsts import Firsts, digest
from fireflower.history.log.messages import Kept
from fireflower.history.mapping import Mapping as FileMapping
from fireflower.history.readers.batches import Told
from fireflower.history.readers.plain_segment import Plain, PlainReader, plains, texts_of_properties
from fireflower.history.readers.posthog import PostHogShape
from fireflower.history.readers.segment import SegmentShape
from fireflower.history.readers.times import TimeReader
from fireflower.history.readers.told import Once
from fireflower.model.messages import Form
from fireflower.model.records import EVENT, IDENTITY, Record

Mappings = Mapping[Form, FileMapping]
PLAIN: Mappings = {"segment": FileMapping(form="segment"), "posthog": FileMapping(form="posthog")}

_AT_ONCE = 200
"""Messages that are read together: what is made of them stays in the nearer caches of a processor meanwhile."""

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


class LogReader:
    """Reads messages of the log again: each says what it said when it came."""

    def __init__(self, database: Database, mappings: Mappings) -> None:
        self._firsts = Firsts(database)
        self._reader = MessageReader(mappings, self._counts)
        self._plain = PlainReader(TimeReader(mappings["segment"]))
        self._position = 0
        self._told: set[tuple[int, bytes]] = set()

    def read(self, kept: Iterable[Kept]) -> Durable:
        """What messages say, which come in the order of the log."""
        return Durable.together([self._durable(some) for some in self._looked_up(kept)])

    def _durable(self, kept: Sequence[Kept]) -> Durable:
        """Most say one event, or what somebody is like, and were not the first to say anything besides: these are read
        together."""
        some = self._saying_one(kept)
        found = plains([each.body for each in some])
        events, of = self._plain.events(found)
        plain = Durable.one_event_each([some[nth].position for nth in of], events)
        if len(of) == len(kept):
            return plain
        is_event = set(plain.places.tolist())
        said = dict(zip((each.position for each in some), found, strict=True))
        others = (
            (each.position, self._records(each, said.get(each.position)))
            for each in kept
            if each.position not in is_event
        )
        return plain.with_(Durable.of(others))

    def _records(self, kept: Kept, plain: Plain | None) -> list[Record]:
        """What one message says that is no plain event."""
        traits = self._plain.traits(plain) if plain is not None else None
        return list(map(record_of, self._said(kept))) if traits is None else traits

    def _saying_one(self, kept: Sequence[Kept]) -> list[Kept]:
        """The messages of Segment's form that were not the first to say something beside what they are about."""
        saying = {position for position, _ in self._told}
        return [each for each in kept if each.form == "segment" and each.position not in saying]

    def told(self, kept: Iterable[Kept]) -> Iterator[list[Told]]:
        """What messages say, some at a time, by the numbers that it goes by in the log."""
        for some in self._looked_up(kept):
            told = self._plainly_told(some)
            for each in some:
                if each.position not in told:
                    said = enumerate(self._said(each))
                    told[each.position] = [one._replace(number=number_of(each.position, nth)) for nth, one in said]
            yield [one for each in some for one in told[each.position]]

    def _plainly_told(self, kept: Sequence[Kept]) -> dict[int, list[Told]]:
        """The same of messages that say one event, by their places."""
        some = self._saying_one(kept)
        events, of = self._plain.events(plains([each.body for each in some]))
        its = [some[nth] for nth in of]
        texts = texts_of_properties([each.body for each in its])
        told: dict[int, list[Told]] = {}
        for each, text, (time, received, name, person, account, _, key) in zip(its, texts, events.rows(), strict=True):
            place, id = each.position, key or None
            number = first_number(place)
            told[place] = [Told(time, EVENT, name, person, account, None, None, id, received, text, False, number)]
        return told

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
