"""What came and could not be taken, as it is kept aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fireflower.history.log.database import Database

_COLUMNS = "id, received, source, reason, body, replayed"


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something that could not be taken.

    Attributes
    ----------
    replayed : when it was read again and taken; None if it has not been
    """

    id: int
    received: int
    source: str
    reason: str
    body: bytes
    replayed: int | None


@dataclass(slots=True)
class Rejects:
    """The table of rejects, on one connection."""

    database: Database = field(repr=False)

    def page(self, source: str | None, before: int | None, limit: int) -> list[Rejected]:
        """The latest first, from before one on."""
        where, values = _where({"source = ?": source, "id < ?": before})
        return self._select(f"{where} ORDER BY id DESC LIMIT ?", (*values, limit))

    def untaken(self, limit: int | None = None) -> list[Rejected]:
        """Those that have not been taken since, the latest first."""
        values = () if limit is None else (limit,)
        return self._select(f"replayed IS NULL ORDER BY id DESC{' LIMIT ?' if values else ''}", values)

    def reasons(self) -> list[tuple[str, str]]:
        """(source, reason) of those that have not been taken since, the latest first."""
        rows = self.database.rows("SELECT source, reason FROM rejects WHERE replayed IS NULL ORDER BY id DESC")
        return [(str(source), str(reason)) for source, reason in rows]

    def waiting(
        self, source: str | None, since: int | None, until: int | None, after: int, limit: int
    ) -> list[Rejected]:
        """Those that have not been taken since, received in [since, until), in order, from behind one on."""
        where, values = _where({"source = ?": source, "received >= ?": since, "received < ?": until})
        return self._select(f"{where} AND replayed IS NULL AND id > ? ORDER BY id LIMIT ?", (*values, after, limit))

    def taken(self, ids: Sequence[int], now: int) -> None:
        """Note that these have been taken after all."""
        self.database.many("UPDATE rejects SET replayed = ? WHERE id = ?", [(now, id) for id in ids])

    def _select(self, where: str, values: Sequence[object]) -> list[Rejected]:
        rows = self.database.rows(f"SELECT {_COLUMNS} FROM rejects WHERE {where}", values)
        return [Rejected(*(*row[:4], bytes(row[4]), row[5])) for row in rows]


def _where(asked: dict[str, object]) -> tuple[str, list[object]]:
    given = {text: value for text, value in asked.items() if value is not None}
    return " AND ".join(given) or "1 = 1", list(given.values())
