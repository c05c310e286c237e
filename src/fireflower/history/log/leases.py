"""Who evaluates whom: subjects fall into a fixed number of shares, and each share is leased to one process at a time.

A lease runs out by the database's clock, so the clocks of machines may differ. It has a *term*, which goes up whenever
the share is taken: whoever writes verdicts says which terms it writes under, in the very transaction, and is refused
if one of them is over. With each share stands how far it has been evaluated; what lies behind that is news.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from fireflower.history.log.database import Database
from fireflower.model.errors import FireflowerError

SHARES = 64
"""Into so many the subjects are divided; at most so many processes evaluate at once."""
ALL_SHARES = frozenset(range(SHARES))

Terms = Mapping[int, int]
"""Shares that are held, with the term of each."""


class LeaseLostError(FireflowerError):
    """Another process evaluates some shares by now: nothing of the transaction has been kept.

    Attributes
    ----------
    shares : which
    """

    def __init__(self, shares: Collection[int]) -> None:
        self.shares = frozenset(shares)
        super().__init__(self._why())

    def _why(self) -> str:
        return (
            f"another process has taken {len(self.shares)} of {SHARES} shares of the subjects over, as this one had "
            "not renewed its lease in time. It goes on without them."
        )


class SupersededError(LeaseLostError):
    """Other definitions are at work by now: nothing may be recorded by those of this process any longer."""

    def _why(self) -> str:
        return "other definitions have taken effect elsewhere: this process evaluates nobody until it has read them."


@dataclass(frozen=True, slots=True)
class Evaluated:
    """How far a share has been evaluated: everything up to there is in the record.

    Attributes
    ----------
    position, moment : the place in the log, and the time
    meanings : what the definitions meant, by name; None if it has never been evaluated
    basis : what it rested on besides the log
    """

    position: int = -1
    moment: int = -1
    meanings: Mapping[str, str] | None = None
    basis: str = ""

    def knows(self, definition: str, meaning: str) -> bool:
        """Whether a definition meant the same then."""
        return self.meanings is not None and self.meanings.get(definition) == meaning


def share_of(kind: str, id: str) -> int:
    """The share into which a subject falls."""
    return int.from_bytes(blake2b(id.encode(), digest_size=4, person=f"share-{kind}".encode()).digest()) % SHARES


def quota(holder: str, evaluators: Sequence[str]) -> int:
    """How many shares fall to one of the evaluating processes: as many as to every other, or one more."""
    place = sorted(evaluators).index(holder)
    return SHARES // len(evaluators) + (place < SHARES % len(evaluators))


class Leases:
    """The leases of one process, on one connection.

    Parameters
    ----------
    holder : the process, by a name that no other has or has had
    seconds : how long a lease runs
    """

    def __init__(self, database: Database, holder: str, seconds: float) -> None:
        self._database, self.holder = database, holder
        self._length = int(seconds * 1e6)

    def enter(self) -> list[str]:
        """Say that this process evaluates, inside of the caller's transaction, and give all that do."""
        self._make()
        self._database.rows(
            f"INSERT INTO evaluators (holder, until) VALUES (?, {self._database.clock} + ?) "
            "ON CONFLICT (holder) DO UPDATE SET until = excluded.until",
            (self.holder, self._length),
        )
        return [self.holder, *self.others()]

    def others(self) -> dict[str, int]:
        """The other processes that evaluate, and until when they have said so."""
        return dict(
            self._database.rows(
                f"SELECT holder, until FROM evaluators WHERE until > {self._database.clock} AND holder <> ?",
                (self.holder,),
            )
        )

    def renew(self) -> Terms:
        """Let the leases run on, inside of the caller's transaction; gives them. Those that are being written under
        are renewed by that."""
        database = self._database
        database.rows(
            f"UPDATE leases SET until = {database.clock} + ? WHERE holder = ? AND share IN "
            f"(SELECT share FROM leases WHERE holder = ? ORDER BY share {database.skip_locked})",
            (self._length, self.holder, self.holder),
        )
        return dict(database.rows("SELECT share, term FROM leases WHERE holder = ?", (self.holder,)))

    def take(self, most: int) -> Terms:
        """Take shares that nobody holds any longer, inside of the caller's transaction."""
        database = self._database
        free = database.rows(
            f"SELECT share FROM leases WHERE until <= {database.clock} AND holder <> ? "
            f"ORDER BY share LIMIT ? {database.skip_locked}",
            (self.holder, most),
        )
        taken: dict[int, int] = {}
        for (share,) in free:
            taken |= dict(
                database.rows(
                    f"UPDATE leases SET holder = ?, until = {database.clock} + ?, term = term + 1 "
                    "WHERE share = ? RETURNING share, term",
                    (self.holder, self._length, share),
                )
            )
        return taken

    def take_all(self) -> Terms:
        """Take all shares, whoever holds them, inside of the caller's transaction."""
        self._make()
        return dict(
            self._database.rows(
                f"UPDATE leases SET holder = ?, until = {self._database.clock} + ?, term = term + 1 "
                "RETURNING share, term",
                (self.holder, self._length),
            )
        )

    def take_from_all_but(self, holder: str) -> Terms:
        """Take all shares that are not one process's, whoever holds them, inside of the caller's transaction."""
        return dict(
            self._database.rows(
                f"UPDATE leases SET holder = ?, until = {self._database.clock} + ?, term = term + 1 "
                "WHERE holder <> ? RETURNING share, term",
                (self.holder, self._length, holder),
            )
        )

    def end_others(self) -> None:
        """Let everything that others hold be taken, inside of the caller's transaction: they have ended."""
        self._database.rows("DELETE FROM evaluators WHERE holder <> ?", (self.holder,))
        self._database.rows("UPDATE leases SET until = 0 WHERE holder <> ?", (self.holder,))

    def release(self, shares: Iterable[int]) -> None:
        """Let others take these shares."""
        self._database.many(
            "UPDATE leases SET holder = '', until = 0 WHERE share = ? AND holder = ?",
            [(share, self.holder) for share in sorted(shares)],
        )

    def leave(self) -> None:
        """Let others take everything."""
        self._database.rows("DELETE FROM evaluators WHERE holder = ?", (self.holder,))
        self._database.rows("UPDATE leases SET holder = '', until = 0 WHERE holder = ?", (self.holder,))

    def sweep(self) -> None:
        """Forget processes that have ended without a word, inside of the caller's transaction."""
        database = self._database
        database.rows(
            "DELETE FROM evaluators WHERE holder IN (SELECT holder FROM evaluators "
            f"WHERE until <= {database.clock} {database.skip_locked})"
        )

    # --- Writing under a lease ----------------------------------------------------------------------------------------

    def write_under(self, terms: Terms, position: int, moment: int) -> None:
        """Make sure, inside of the caller's transaction and until it ends, that these shares are held, and note that
        they have been evaluated up to a place in the log and a moment.

        Raises
        ------
        LeaseLostError
            If some are not held any longer.
        """
        self._hold(terms, "position = ?, moment = ?,", position, moment)

    def hold(self, terms: Terms) -> None:
        """Make sure of it, and note nothing.

        Raises
        ------
        LeaseLostError
            If some are not held any longer.
        """
        self._hold(terms, "")

    def _hold(self, terms: Terms, noted: str, *values: int) -> None:
        if not terms:
            return
        places = ", ".join("?" * len(terms))
        held = dict(
            self._database.rows(
                f"UPDATE leases SET {noted} until = {self._database.clock} + ? "
                f"WHERE holder = ? AND share IN ({places}) RETURNING share, term",
                (*values, self._length, self.holder, *sorted(terms)),
            )
        )
        lost = {share for share, term in terms.items() if held.get(share) != term}
        if lost:
            raise LeaseLostError(lost)

    def mean(self, shares: Iterable[int], meanings: Mapping[str, str], basis: str) -> None:
        """Note what the definitions mean by which these shares have been evaluated, and on what basis."""
        text = json.dumps(meanings, sort_keys=True)
        self._database.many(
            "UPDATE leases SET meanings = ?, basis = ? WHERE share = ?", [(text, basis, share) for share in shares]
        )

    def evaluated(self, shares: Collection[int]) -> dict[int, Evaluated]:
        """How far these shares have been evaluated."""
        rows = self._database.rows("SELECT share, position, moment, meanings, basis FROM leases ORDER BY share")
        return {
            share: Evaluated(position, moment, json.loads(meanings) if meanings else None, basis)
            for share, position, moment, meanings, basis in rows
            if share in shares
        }

    def forget_evaluated(self) -> None:
        """Have every share evaluated as if it never had been, inside of the caller's transaction."""
        self._database.rows("UPDATE leases SET position = -1, moment = -1, meanings = '', basis = ''")

    def position(self) -> int:
        """The place in the log up to which everybody has been evaluated."""
        rows = self._database.rows("SELECT COUNT(*), MIN(position) FROM leases")
        return max(0, rows[0][1]) if rows[0][0] == SHARES else 0

    # --- What is asked ------------------------------------------------------------------------------------------------

    def holders(self) -> dict[str, int]:
        """How many shares each process holds."""
        return dict(
            self._database.rows(
                f"SELECT holder, COUNT(*) FROM leases WHERE until > {self._database.clock} GROUP BY holder"
            )
        )

    def _make(self) -> None:
        """Write the shares down, where they are not yet."""
        if int(self._database.rows("SELECT COUNT(*) FROM leases")[0][0]) < SHARES:
            self._database.many(
                "INSERT INTO leases (share, holder, until, term, position, moment, meanings) "
                "VALUES (?, '', 0, 0, -1, -1, '') ON CONFLICT (share) DO NOTHING",
                [(share,) for share in sorted(ALL_SHARES)],
            )
