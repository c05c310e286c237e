"""Sharing the subjects between evaluating processes: a thread that renews this process's leases, takes what others have
left, and says what is to be given up to others, until each has as many shares as every other."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Collection

from fireflower.app.live.editions import AT_WORK
from fireflower.app.live.storage import keep_value, value_of
from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.leases import Leases, Terms, quota
from fireflower.history.log.verdicts import VerdictLog
from fireflower.model.errors import ProjectError

_LOGGER = logging.getLogger("fireflower.sharing")

LEASE = 10.0
"""Seconds for which a share is left to a process that says nothing."""
_RENEWALS = 4
"""How often a lease is renewed while it would run."""
_LOOK = 0.2
"""Seconds between two looks whether another process has ended."""


class AlreadyServedError(ProjectError):
    """Another process evaluates the log, in a database in which only one may."""


def own_name() -> str:
    """A name for this process that no other has or has had, and by which people find it."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


class Keeper:
    """Keeps leases, on a connection of its own.

    Parameters
    ----------
    seconds : how long a lease runs
    changed : is called, in this thread, when there is something to take over or to give up
    editions : the editions of the files by which this process evaluates

    Attributes
    ----------
    terms : the shares that this process holds
    surplus : those of them that are to be given up; whoever evaluates them does so when it is ready
    at_work : the edition by which everybody is to evaluate
    is_outdated : whether that was none of this process's own when it was last looked at: then it holds nothing
    """

    def __init__(
        self,
        database: Database,
        holder: str,
        seconds: float,
        changed: Callable[[], None],
        editions: Callable[[], Collection[str]],
    ) -> None:
        self._database, self._seconds, self._changed, self._editions = database, seconds, changed, editions
        self._leases = Leases(database, holder, seconds)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fireflower-leases")
        self.terms: Terms = {}
        self.surplus: frozenset[int] = frozenset()
        self.at_work: str | None = None
        self.is_outdated = False

    @property
    def wanted(self) -> Terms:
        """The shares that are to be evaluated here."""
        surplus = self.surplus
        return {share: term for share, term in self.terms.items() if share not in surplus}

    def enter(self, go_on: Callable[[], bool]) -> bool:
        """Begin to hold shares. Where only one process may evaluate, wait until the lease of one that is silent has run
        out; and until nobody evaluates by other files. False if `go_on` says no meanwhile. Who begins while nobody else
        is at work, has its own files at work.

        Raises
        ------
        AlreadyServedError
            If the other one is at work.
        """
        seen: dict[str, int] = {}
        while go_on():
            with self._database.transaction():
                self._database.in_order("evaluators")  # of two that begin at once, one is the first
                others = self._in_the_way()
                if not others and not self._leases.others():
                    keep_value(self._database, AT_WORK, min(self._editions()))
                is_changed = not others and self._renew()
            if is_changed:
                self._changed()
            if not others and not self.is_outdated:
                self._thread.start()
                return True
            if any(until > seen.get(holder, until) for holder, until in others.items()):
                raise AlreadyServedError(_refusal(next(iter(others))))
            seen = others | seen
            time.sleep(_LOOK)
        return False

    def _in_the_way(self) -> dict[str, int]:
        """Processes because of which this one may not evaluate, and until when they have said that they do."""
        if self._database.shared:
            return {}
        if self._database.is_alone():
            self._leases.end_others()
        return self._leases.others()

    def stop(self) -> None:
        """Leave everything to others."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
            try:
                with self._database.transaction():
                    self._leases.leave()
            except StorageError as error:
                _LOGGER.warning("Leases are left to run out: %s", error)

    def _run(self) -> None:
        while not self._stopping.wait(self._seconds / _RENEWALS):
            try:
                with self._database.transaction():
                    is_changed = self._renew()
                if is_changed:  # only now: whoever is told may wait for what the transaction has locked
                    self._changed()
            except StorageError as error:
                _LOGGER.error("Leases could not be renewed: %s", error)
            except Exception:  # others take over what is not renewed; this thread must not end for it
                _LOGGER.exception("Leases could not be renewed")

    def _renew(self) -> bool:
        """Renew what is held, and see what is to be taken or given up, inside of a transaction. Whether something has
        changed."""
        own = set(self._editions())
        self.at_work = value_of(self._database, AT_WORK)
        own.update(self._editions())  # one may be taking the place of another just now
        self.is_outdated = self.at_work is not None and self.at_work not in own
        terms, surplus = self._left() if self.is_outdated else self._due()
        changed = (terms, surplus) != (self.terms, self.surplus) or self.is_outdated
        self.terms, self.surplus = terms, surplus
        return changed

    def _left(self) -> tuple[Terms, frozenset[int]]:
        self._leases.leave()
        return {}, frozenset()

    def _due(self) -> tuple[Terms, frozenset[int]]:
        evaluators = self._leases.enter()
        self._leases.sweep()
        terms = self._leases.renew()
        due = quota(self._leases.holder, evaluators)
        if len(terms) < due:
            terms = {**terms, **self._leases.take(due - len(terms))}
        return terms, frozenset(sorted(terms)[due:])


def evaluate_anew(database: Database) -> None:
    """Have all of history evaluated as of now by who begins next, whatever moment has been reached before: what had
    been decided of the time to come is taken back, and nobody is told.

    Raises
    ------
    ProjectError
        If somebody is at work, who would go on from that moment.
    """
    leases = Leases(database, "", 0)
    with database.transaction():
        database.in_order("evaluators")
        if leases.others() if database.shared else not database.is_alone():
            raise ProjectError(
                "other processes evaluate this project: stop all of them first. One that was killed counts for "
                f"{LEASE:g} seconds more."
            )
        leases.forget_evaluated()
        VerdictLog(database).mean_by_now()


def _refusal(other: str) -> str:
    host, process, _ = f"{other}::".split(":")[:3]
    return (
        f"another process evaluates this project already (process {process} on {host}), and a log in SQLite has room "
        "for one. Stop it first; or run this one with --role ingest; or keep the log in PostgreSQL "
        "(FIREFLOWER_DATABASE=postgresql://...), where any number of processes share the work."
    )
