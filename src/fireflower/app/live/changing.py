"""Definitions that are edited while the service goes on: they are evaluated beside those at work, follow what happens,
and take effect in one moment."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from fireflower.app.check import read_files
from fireflower.app.live.editions import Difference, Prepared
from fireflower.app.live.evaluating import Evaluator
from fireflower.app.live.past import Outdated
from fireflower.app.live.storage import mappings_of
from fireflower.app.live.telling import make_evidence, meaning_of
from fireflower.app.project import Project
from fireflower.destinations import Destination
from fireflower.evaluate.image import Outgrown
from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.verdicts import News
from fireflower.model.errors import ProjectError

_LOGGER = logging.getLogger("fireflower.live")

_EVERY = 1.0
"""Seconds between two steps in which what was prepared follows what has happened."""

_SELDOM = 60.0
"""The same at most, while that fails."""

_PATIENCE = 2.0
"""Seconds that the end waits at most for an evaluation that is under way."""

_OFTEN = 5
"""Times that something is prepared again because it was overtaken, before that is given up."""

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Changed:
    """A project, as its files are now."""

    project: Project
    destinations: tuple[Destination, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a change of files brings about.

    Attributes
    ----------
    as_of : the moment of the comparison
    same : the definitions that mean what they meant
    """

    as_of: int
    differences: tuple[Difference, ...]
    same: tuple[str, ...]
    destinations: tuple[str, ...]


class Ask(Protocol):
    """Has the evaluator answer something between two steps."""

    def __call__(self, question: Callable[[Evaluator], Answer], /) -> Answer: ...


Change = Callable[[Changed, Callable[[Evaluator], News]], News]
"""Has the evaluator do something between two steps that changes over to other files."""


class Changing:
    """Has the edited files of a project evaluated, one edition at a time.

    Parameters
    ----------
    connect : opens a connection to the log
    ask, change : have the evaluator answer, and change over, between two steps
    """

    def __init__(
        self, evaluator: Evaluator, connect: Callable[[], Database], clock: Callable[[], int], ask: Ask, change: Change
    ) -> None:
        self._evaluator, self._connect, self._clock = evaluator, connect, clock
        self._ask, self._change = ask, change
        self._one_at_a_time = threading.Lock()
        self._shadow: _Shadow | None = None

    def preview(self) -> Changes:
        """What the files would change if they took effect now. They are evaluated, unless they have been, and stay
        prepared until they take effect, or others are, or they are dropped.

        Raises
        ------
        DefinitionError
            With every fault of every file.
        NotReady, StorageError
            As the service does.
        """
        with self._one_at_a_time:
            shadow = self._prepared()
            return shadow.with_it(
                lambda prepared: self._ask(
                    lambda evaluator: _changes(prepared, evaluator.differences(prepared), shadow.changed)
                )
            )

    def apply(self, *, tell_past: bool = False) -> Changes:
        """Let the files take effect, in one moment. What fails changes nothing.

        Parameters
        ----------
        tell_past : whether destinations are told of those who enter or leave by the change itself; else nobody is

        Raises
        ------
        As `preview` does.
        """
        with self._one_at_a_time:
            shadow = self._prepared()
            found: list[Changes] = []

            def adopt(evaluator: Evaluator, prepared: Prepared) -> News:
                to = shadow.changed.destinations
                differences, news = evaluator.adopt(prepared, to, self._clock(), tell_past=tell_past)
                found.append(_changes(prepared, differences, shadow.changed))
                return news

            shadow.with_it(lambda prepared: self._change(shadow.changed, lambda evaluator: adopt(evaluator, prepared)))
            self._drop()
            return found[0]

    def drop(self) -> bool:
        """Forget what was prepared. Whether anything was."""
        with self._one_at_a_time:
            return self._drop()

    def end(self) -> None:
        """Forget what was prepared, as the service ends. What is still being evaluated is left: nobody waits for it."""
        if self._one_at_a_time.acquire(timeout=_PATIENCE):
            try:
                self._drop()
            finally:
                self._one_at_a_time.release()

    def _drop(self) -> bool:
        shadow, self._shadow = self._shadow, None
        if shadow is not None:
            shadow.end()
        return shadow is not None

    def _prepared(self) -> _Shadow:
        """What is in the files, evaluated: what was prepared before, if that means the same."""
        self._ask(lambda evaluator: None)  # if nobody can answer, nothing is to be prepared
        project = Project(self._evaluator.project.folder)
        changed = Changed(project, read_files(project).destinations)
        if mappings_of(project) != mappings_of(self._evaluator.project):
            raise ProjectError(
                "`account_email` or `shared_domains` in fireflower.yaml has changed, which says how messages are read: "
                "start the server again. It counts for what comes from then on."
            )
        if self._shadow is not None and not self._shadow.reword(changed):
            self._drop()
        if self._shadow is None:
            self._shadow = _Shadow(self._evaluator, changed, self._connect, self._clock)
        return self._shadow


class _Shadow:
    """Definitions that are prepared, with a connection of their own, and a thread in which they follow."""

    def __init__(
        self, evaluator: Evaluator, changed: Changed, connect: Callable[[], Database], clock: Callable[[], int]
    ) -> None:
        self._evaluator, self.changed, self._clock = evaluator, changed, clock
        self._database = connect()
        self._turn = threading.Lock()
        self._ended = threading.Event()
        try:
            self._prepared = self._prepare()
        except BaseException:
            self._database.close()
            raise
        self._thread = threading.Thread(target=self._run, name="fireflower-shadow", daemon=True)
        self._thread.start()

    def reword(self, changed: Changed) -> bool:
        """Take over files that mean the same; whether they do."""
        if _meanings(changed.project) != _meanings(self.changed.project):
            return False
        with self._turn:
            self.changed, self._prepared.project = changed, changed.project
            if self._prepared.part is not None:
                named = {definition.name: definition for definition in changed.project.definitions}
                self._prepared.part.qualifying.reword(named)
        return True

    def with_it(self, work: Callable[[Prepared], Answer]) -> Answer:
        """Do something with what is prepared, after it has taken in what has happened."""
        for _ in range(_OFTEN):
            with self._turn, self._again_if_need_be():
                if self._prepared.now > max(self._clock(), self._evaluator.now):
                    raise Outdated  # the clock was ahead
                self._evaluator.follow(self._prepared)
                make_evidence(self._prepared.standing.all())
                return work(self._prepared)
        raise StorageError(
            "the definitions have been evaluated several times, and were overtaken each time: by others that took "
            "effect, or as the log moved into the archive. Try again later."
        )

    def end(self) -> None:
        """Stop following. An evaluation that is under way goes on to its end."""
        self._ended.set()
        self._thread.join(_PATIENCE)
        self._prepared.close()

    def _prepare(self) -> Prepared:
        return self._evaluator.prepare(self.changed.project, self._database, self._clock())

    def _run(self) -> None:
        """Follow, so that little is left to do when it matters."""
        wait = _EVERY
        while not self._ended.wait(wait):
            try:
                with self._turn, self._again_if_need_be():
                    self._evaluator.follow(self._prepared)
                wait = _EVERY
            except Exception:  # whoever wants to see it, or have it take effect, is told of it then
                _LOGGER.exception("Prepared definitions cannot follow just now; those at work go on.")
                wait = min(2 * wait, _SELDOM)  # what has followed halfway is evaluated anew
        self._database.close()

    @contextmanager
    def _again_if_need_be(self) -> Iterator[None]:
        """Prepare it again if it has been overtaken, or if values have come for which it has no room."""
        try:
            yield
        except (Outgrown, Outdated):
            self._prepared.close()
            self._prepared = self._prepare()


def _changes(prepared: Prepared, differences: Sequence[Difference], changed: Changed) -> Changes:
    different = {each.definition for each in differences}
    same = [each.name for each in prepared.project.definitions if each.name not in different]
    names: Sequence[str] = [each.name for each in changed.destinations]
    return Changes(prepared.now, tuple(differences), tuple(same), tuple(names))


def _meanings(project: Project) -> Mapping[str, str]:
    return {definition.name: meaning_of(definition, project.settings) for definition in project.definitions}
