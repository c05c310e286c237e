"""Evaluating definitions over all of history, as one begins: from nothing, or from where the record ends."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version

from fireflower.app.live.compacting import moved
from fireflower.app.live.parts import Part, Standing, concerns_of, tell, tell_log, verdicts_by
from fireflower.app.live.past import Outdated, Past
from fireflower.app.live.qualifying import Qualifying
from fireflower.app.live.telling import meaning_of
from fireflower.app.project import Project
from fireflower.evaluate.engines import source
from fireflower.evaluate.image import Outgrown
from fireflower.evaluate.live import Step
from fireflower.history.log.database import Database
from fireflower.history.log.leases import ALL_SHARES, Evaluated
from fireflower.history.log.reading import Mappings
from fireflower.history.log.verdicts import Which
from fireflower.language.nodes import Definition
from fireflower.language.walking import needs

_LOGGER = logging.getLogger("fireflower.live")
ROOM = 4096


@dataclass(frozen=True, slots=True)
class Built:
    """Definitions that have been evaluated over all of history.

    Attributes
    ----------
    standing : every verdict; if it goes on, those since
    known : those that are no news, as they follow from what had been evaluated before, or from files that have been
        imported since
    goes_on : whether what had been evaluated before is in the record for certain: the same history, definitions and
        program. Then it has not been looked at again
    basis : by which the next one sees that
    since : if it goes on, the moment up to which. Some of the subjects may have been evaluated further
    """

    part: Part
    standing: Standing
    known: Collection[Which]
    goes_on: bool
    basis: str
    since: int = -1

    def further(self, evaluated: Mapping[int, Evaluated]) -> set[int]:
        """Of shares, by how far they had been evaluated before, those that were further than to where it goes on."""
        least = min(each.position for each in evaluated.values())
        return {
            share
            for share, each in evaluated.items()
            if self.goes_on and (each.position > least or each.moment > self.since)
        }


class Builder:
    """Evaluates definitions over all of history.

    Attributes
    ----------
    compiled : whether the compiled kernel is used
    """

    def __init__(self, mappings: Mappings, *, compiled: bool) -> None:
        self.compiled = compiled
        self._mappings = mappings
        self._room = ROOM

    def widen(self) -> None:
        """Leave more room for values that come."""
        self._room *= 4

    def build(
        self,
        project: Project,
        definitions: Sequence[Definition],
        database: Database,
        now: int,
        shares: frozenset[int],
        before: Evaluated | None = None,
        up_to: int | None = None,
    ) -> Built:
        """Evaluate them for the subjects of these shares.

        Parameters
        ----------
        before : up to where all of the shares have been evaluated
        up_to : the place in the log up to which; by default as far as it goes
        """
        while True:
            try:
                return self._build(project, definitions, database, now, shares, before, up_to)
            except Outdated:
                _LOGGER.info("The archive has changed: history is evaluated anew.")
            except Outgrown as error:
                _LOGGER.info("The program is compiled with more room: there was none for %s.", error)
                self.widen()

    def _build(
        self,
        project: Project,
        definitions: Sequence[Definition],
        database: Database,
        now: int,
        shares: frozenset[int],
        before: Evaluated | None,
        up_to: int | None,
    ) -> Built:
        past, settings = Past(project, database, self._mappings), project.settings
        wanted = needs(definitions, settings).properties
        first = next(past.timelines(wanted), None)
        begun = first.vocabulary if first is not None else None
        concerns = None if shares == ALL_SHARES else concerns_of(shares)
        qualifying = Qualifying(
            definitions, settings, past.find, begun, compiled=self.compiled, room=self._room, concerns=concerns
        )
        meanings = {definition.name: meaning_of(definition, settings) for definition in definitions}
        part = Part(meanings, frozenset(meanings), qualifying, past, shares)
        basis = _basis(past)
        covers = before is not None and past.covered <= before.position
        goes_on = before is not None and covers and before.meanings == meanings and _rests_on(before.basis, basis)
        earlier = Standing()
        if begun is not None:
            last = min(now, past.archive.summary().last or 0)
            if before is not None and goes_on:
                last = min(last, before.moment)
            step = _loaded(qualifying, past, wanted, last)
            if not goes_on:
                earlier.add(verdicts_by(part, step), {})
            tell(part, earlier, past.later(last), last)
        if before is not None and goes_on:
            tell_log(part, earlier, before.position, before.moment)
            standing = Standing()
            tell_log(part, standing, up_to, now)
            return Built(part, standing, (), True, basis, before.moment)
        known: set[Which] = set()
        if before is not None and covers:
            tell_log(part, earlier, before.position, now)
            known = {
                verdict.which
                for verdict in earlier.all()
                if verdict.at <= before.moment and verdict.known_at <= before.moment
            }
        tell_log(part, earlier, up_to, now)
        return Built(part, earlier, known, False, basis)


def _loaded(qualifying: Qualifying, past: Past, wanted: Collection[str], last: int) -> Step:
    """Begin with what the archive has. While the kernel runs, which lets go of the interpreter's lock, all else is made
    ready."""
    with ThreadPoolExecutor(1) as beside:
        known = beside.submit(lambda: qualifying.know(past.archive.relations(), last))
        ready = beside.submit(past.get_ready)
        step = qualifying.load(past.timelines(wanted), last)
        known.result()
        ready.result()
    return step


def _basis(past: Past) -> str:
    """What verdicts rest on besides the log: the program, what was removed, and the parts of the archive; those that
    the log has moved into are apart, as they say what it had said."""
    program = [version("fireflower"), source(), *past.removed]
    parts: tuple[list[str], list[str]] = ([], [])
    for name, facts in past.archive.segments:
        parts[moved(facts) is not None].append(name)
    return json.dumps([program, *parts])


def _rests_on(before: str, now: str) -> bool:
    """Whether nothing has changed but for what has moved from the log into the archive."""
    if not before:
        return False
    (was, imported, moved), (is_, has, has_moved) = json.loads(before), json.loads(now)
    return (was, imported) == (is_, has) and set(moved) <= set(has_moved)
