"""Forgetting a person: everything about them goes, everywhere, while the server runs.

First their ids become known as forgotten, in the transaction that takes them out of the log's database: from then on
nothing of them is taken in, recorded or sent. What was rejected, and what is about others, is looked through for them.
Then what the log still has moves into the archive, and the archive is written anew without them. Last, when nobody
reads the archive of before any longer, what has been recorded about others meanwhile is looked through once more, and
the database's file is packed. The ids are kept until then, so that whoever is killed is followed by the next one, who
goes on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from fireflower.app.live.compacting import FOLDER, PATIENCE, Compactor, alone, when_unlocked, written_parts
from fireflower.app.live.database import log_file, opener
from fireflower.app.live.storage import keep_value, mappings_of, value_of
from fireflower.app.project import HISTORY_FOLDER, PROJECT_FILE, Project
from fireflower.history.archive import Archive
from fireflower.history.archive.rewriting import Removed
from fireflower.history.forgotten import Naming
from fireflower.history.log.database import Database
from fireflower.history.log.forgotten import Forgetting, ForgottenPeople, Settled
from fireflower.history.log.schema import prepare
from fireflower.history.log.scrubbing import Scrubbed, Scrubbing, vacuum
from fireflower.model.errors import UnknownSubjectError
from fireflower.model.records import Kind, Record

_Result = TypeVar("_Result")

_UNDER_WAY = "forgetting"
"""Under this name `meta` has whom somebody is forgetting."""

_PACKING = "forgotten to be packed"
"""Under this one, that what was deleted may be left in the database's files."""


@dataclass(frozen=True, slots=True)
class Forgettable:
    """Whom one is about to forget.

    Attributes
    ----------
    ids : all of their ids, the one by which verdicts name them first
    records : how many are about them
    accounts : of which they have been a member, for which they have done something, or which have a trait that names
        them
    addresses : their e-mail addresses, as their traits have them
    identities : what was said once of them; see `log.firsts`
    messages : the ids of the messages about them
    log : what the log's database has of them
    """

    ids: tuple[str, ...]
    records: int
    accounts: tuple[str, ...]
    addresses: tuple[str, ...]
    identities: tuple[tuple[str, str, str], ...]
    messages: tuple[str, ...]
    log: Scrubbed


@dataclass(frozen=True, slots=True)
class Done:
    """What forgetting has done.

    Attributes
    ----------
    ids, records, kept_aside : how many
    log : in the log's database
    whole : whether nothing is left on disk; else some process still reads what was, and the next time something is
        imported, moved or forgotten, it goes
    """

    ids: int
    records: int
    kept_aside: int
    log: Scrubbed
    whole: bool


class Forgetter:
    """Forgets people of a project, on a connection of its own. Use it as a context.

    Parameters
    ----------
    patience : seconds that are waited for others
    """

    def __init__(self, project: Project, *, patience: float = PATIENCE) -> None:
        self._project, self._patience = project, patience
        self._folder = project.folder / HISTORY_FOLDER
        self._database = _opened(project)
        self._people = ForgottenPeople(self._database, self._folder)

    def __enter__(self) -> Forgetter:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def listed(self) -> list[Forgetting]:
        """How many were forgotten, and when."""
        return self._people.listed()

    def find(self, person: str) -> Forgettable:
        """What would be forgotten.

        Parameters
        ----------
        person : any of their ids

        Raises
        ------
        UnknownSubjectError
            If nothing is known by that id.
        """
        self._move_in()
        found = self._found([person])
        if not found.records and not any(found.log) and not self._is_kept_aside(found.ids):
            raise UnknownSubjectError(
                f"nothing is known about {person!r}. Is it the id by which your product knows them?"
            )
        return found

    def forget(self, person: str, now: int) -> Done:
        """Forget a person; first, whom somebody was forgetting who was killed.

        Raises
        ------
        UnknownSubjectError
            If nothing is known by that id.
        ProjectError
            If another process writes to the archive for very long.
        """
        with self._alone():
            self._go_on(now)
            return self._forget(self.find(person), now)

    def go_on(self, now: int) -> None:
        """End what somebody has begun who was killed."""
        with self._alone():
            self._go_on(now)

    # --- Steps --------------------------------------------------------------------------------------------------------

    def _go_on(self, now: int) -> None:
        begun = value_of(self._database, _UNDER_WAY)
        if begun is None:
            if value_of(self._database, _PACKING) is not None:
                self._pack()
            return
        ids, addresses = json.loads(begun)
        found = self._found(ids)
        self._forget(replace(found, addresses=tuple({*found.addresses, *addresses})), now)

    def _forget(self, found: Forgettable, now: int) -> Done:
        log = self._begin(found, now)
        while True:  # what had come by then may say that they have had further ids
            self._move_in()
            more = self._found(found.ids)
            known, found = found.ids, replace(more, addresses=tuple({*found.addresses, *more.addresses}))
            if set(found.ids) == set(known):
                break
            self._begin(found, now)
        removed = self._removed(found)
        whole = self._wait(self._is_clean)
        self._end(found)
        whole &= self._pack()
        return Done(len(found.ids), removed.records, removed.kept_aside, log, whole)

    def _begin(self, found: Forgettable, now: int) -> Scrubbed:
        """From now on nothing of them comes in or is recorded, and the record of their accounts stands as it is."""
        scrubbing = Scrubbing(self._database, found.ids, found.addresses)
        with self._database.transaction():
            self._database.in_order("messages")
            self._database.in_order("transitions")
            keep_value(self._database, _UNDER_WAY, json.dumps([found.ids, found.addresses]))
            self._people.add(found.ids, now)
            Settled(self._database).settle([("account", id) for id in found.accounts], now)
            log = scrubbing.scrub(found.messages, found.identities)
        searched = scrubbing.search()
        return log._replace(rejects=searched.rejects, mentions=searched.mentions)

    def _removed(self, found: Forgettable) -> Removed:
        archive = self._project.open_archive()
        named = [*found.ids, *found.addresses]
        # Others are not to be judged otherwise: what a definition asks for stays.
        asked = self._definitions()
        said = [text for text in named if not Naming([text.casefold()]).is_in(asked)]
        try:
            return self._unlocked(lambda: archive.forget(found.ids, found.addresses, said))
        finally:
            archive.release()

    def _definitions(self) -> str:
        """The texts of the files that say whom to qualify, without regard to case."""
        folder = self._project.folder
        files = (folder / PROJECT_FILE, *(folder / "definitions").rglob("*.y*ml"))
        return "\n".join(file.read_text("utf-8") for file in files).casefold()

    def _end(self, found: Forgettable) -> None:
        """Look through what has been recorded meanwhile, and keep the ids no longer."""
        scrubbing = Scrubbing(self._database, found.ids, found.addresses)
        scrubbing.search()
        with self._database.transaction():
            self._database.in_order("messages")
            self._database.in_order("transitions")
            scrubbing.scrub(found.messages, found.identities)
            keep_value(self._database, _UNDER_WAY, None)
            keep_value(self._database, _PACKING, "1")

    def _pack(self) -> bool:
        """Have nothing left in the files of what was deleted. Whether that is so."""
        parts = [file for _, file in written_parts(self._folder)]
        for left in (*parts, *_older_logs(self._project)):
            left.unlink(missing_ok=True)
        until = time.monotonic() + self._patience
        done = vacuum(self._database, lambda: _a_moment(until))
        if done:
            with self._database.transaction():
                keep_value(self._database, _PACKING, None)
        return done

    # --- Finding ------------------------------------------------------------------------------------------------------

    def _found(self, ids: list[str] | tuple[str, ...]) -> Forgettable:
        archive = self._project.open_archive()
        try:
            theirs = list(dict.fromkeys(id for each in ids for id in _ids(archive, each)))
            records = list(_records(archive, theirs))
            addresses = sorted({address for record in records for address in _addresses(record)})
            named = archive.accounts_named_by([*theirs, *addresses])
        finally:
            archive.release()
        log = Scrubbing(self._database, theirs).count()
        accounts = sorted({record.account for record in records if record.account} | named)
        return Forgettable(
            tuple(theirs),
            len(records),
            tuple(accounts),
            tuple(addresses),
            tuple(_said_once(theirs, accounts, records)),
            tuple({record.message_id for record in records if record.message_id}),
            log,
        )

    def _is_kept_aside(self, ids: tuple[str, ...]) -> bool:
        archive, naming = self._project.open_archive(), Naming(ids)
        try:
            return any(naming.is_in(row.raw) for row in archive.rejects())
        finally:
            archive.release()

    # --- Others -------------------------------------------------------------------------------------------------------

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else forgets meanwhile."""
        with alone(self._folder / FOLDER / _UNDER_WAY):
            yield

    def _move_in(self) -> None:
        self._unlocked(Compactor(self._project, self._database, mappings_of(self._project)).compact)

    def _is_clean(self) -> bool:
        archive = self._project.open_archive()
        archive.release()
        return self._unlocked(archive.clean)

    def _unlocked(self, work: Callable[[], _Result]) -> _Result:
        return when_unlocked(work, self._patience)

    def _wait(self, holds: Callable[[], bool]) -> bool:
        until = time.monotonic() + self._patience
        while not holds():
            if not _a_moment(until):
                return False
        return True


def _a_moment(until: float) -> bool:
    """Wait a moment; False if it is later than that."""
    time.sleep(0.1)
    return time.monotonic() < until


def _opened(project: Project) -> Database:
    database = opener(project)()
    try:
        prepare(database)
    except BaseException:
        database.close()
        raise
    return database


def _older_logs(project: Project) -> list[Path]:
    """Copies of the log that were made when its tables were changed."""
    file = log_file(project)
    return sorted(file.parent.glob(f"{file.name}.schema-*"))


def _ids(archive: Archive, id: str) -> list[str]:
    try:
        return archive.ids(id) if archive.files else [id]
    except UnknownSubjectError:
        return [id]  # it may stand in what could not be read


def _records(archive: Archive, ids: list[str]) -> Iterator[Record]:
    """The records about a person."""
    done: set[int] = set()
    for id in ids if archive.files else ():
        try:
            told = archive.told("person", id)
        except UnknownSubjectError:
            continue
        for number, record in told:
            if number not in done and record.kind != Kind.ACCOUNT_TRAIT:
                yield record
            done.add(number)


def _addresses(record: Record) -> Iterator[str]:
    if record.kind == Kind.PERSON_TRAIT and isinstance(record.value, str) and "@" in record.value:
        yield record.value


def _said_once(ids: list[str], accounts: list[str], records: list[Record]) -> Iterator[tuple[str, str, str]]:
    for id in ids:
        yield from (("identity", id, other) for other in ids)
        yield from (("join", id, account) for account in accounts)
    for record in records:
        if record.kind == Kind.PERSON_TRAIT:
            yield "set once", record.person or "", record.name
