"""Who is spoken of where in the log."""

from __future__ import annotations

from fireflower.app.live.mentions import Mentions
from fireflower.history.arrivals import Arrivals
from fireflower.history.log.durable import Durable, place_of
from fireflower.model.records import Kind, Record


def said(place: int, *records: Record) -> Arrivals:
    return Durable.of([(place, records)]).arrivals


def test_everybody_of_whom_a_message_speaks_is_found() -> None:
    mentions = Mentions(0)
    mentions.note(said(1, Record(0, Kind.EVENT, "Open", "ann")))
    mentions.note(said(2, Record(0, Kind.EVENT, "Open", "bob", "acme"), Record(0, Kind.PERSON_TRAIT, "a", "bob")))
    mentions.note(said(3, Record(0, Kind.IDENTITY, "", "cy", value="ann")))
    mentions.note(said(5, Record(0, Kind.ACCOUNT_TRAIT, "plan", account="beta")))
    mentions.note(said(9, Record(0, Kind.EVENT, "Open", "acme")))
    assert mentions.of(["ann"], []) == [1, 3]
    assert mentions.of(["bob", "ann"], []) == [1, 2, 3]
    assert mentions.of([], ["acme"]) == [2]
    assert mentions.of(["acme"], ["beta", "nobody"]) == [5, 9]
    assert mentions.of(["nobody"], []) == []


def test_a_place_is_known_by_each_number() -> None:
    for place in (1, 2, 1 << 30):
        many = said(place, *[Record(0, Kind.PERSON_TRAIT, "a", "ann")] * 1001)
        assert {place_of(each.number) for each in many.numbered()} == {place}
        assert len({each.number for each in many.numbered()}) == 256
