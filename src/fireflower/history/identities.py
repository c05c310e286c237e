"""Which person each id belongs to. docs/semantics.md, section 1, "Merging"."""

from __future__ import annotations

from collections.abc import Iterable

from fireflower.model.records import APART, Record


class Identities:
    """The people behind ids.

    An id that some identity record names as known is known for all of history, the others are anonymous. A record that
    joins two known ids merges them; the person bears the id that the record names as known, or the one that it
    bears by then. An anonymous id belongs to the first known id that it was identified with. A record that sets two ids
    apart takes back those before it that join the two.

    Parameters
    ----------
    records : identity records, in canonical order
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._above: dict[str, str] = {}
        pairs = joined(records)
        known = {person for person, _ in pairs}
        for person, other in pairs:
            if other in known:
                self._merge(person, other)
            else:
                self._above.setdefault(other, person)

    def person(self, id: str) -> str:
        """The id that the person with this id bears."""
        above = self._above
        if id not in above:
            return id
        top = id
        while top in above:
            top = above[top]
        while above[id] != top:
            above[id], id = top, above[id]
        return top

    def merged(self) -> dict[str, str]:
        """Every id that is not the one its person bears -> the one that is."""
        return {id: self.person(id) for id in list(self._above)}

    def _merge(self, person: str, other: str) -> None:
        kept, given_up = self.person(person), self.person(other)
        if kept != given_up:
            self._above[given_up] = kept


def joined(records: Iterable[Record]) -> list[tuple[str, str]]:
    """The pairs of ids that stay joined, in the order of their records."""
    pairs: list[tuple[str, str]] = []
    for record in records:
        pair = (record.person or "", str(record.value))
        if record.name == APART:
            pairs = [joined for joined in pairs if set(joined) != set(pair)]
        else:
            pairs.append(pair)
    return pairs
