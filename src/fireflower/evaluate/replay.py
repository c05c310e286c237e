"""Histories in, transitions out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.collecting import collect
from fireflower.evaluate.engines import COMPILING_PAYS_FROM, engine, view
from fireflower.evaluate.kernel import layout as k
from fireflower.evaluate.kernel.layout import Rows
from fireflower.evaluate.kernel.rows import PROGRESS_WORDS
from fireflower.evaluate.leaving_out import without_left_out
from fireflower.evaluate.machine import Machine, Sheets
from fireflower.evaluate.program import compile_program
from fireflower.evaluate.results import Transitions
from fireflower.language.nodes import Definition, Settings
from fireflower.language.walking import needs
from fireflower.model.timeline import Timeline, Vocabulary

Progress = Callable[[int], None]


def replay(
    definitions: Sequence[Definition],
    settings: Settings,
    timelines: Iterable[Timeline],
    *,
    as_of: int | None = None,
    evidence: bool = True,
    compiled: bool | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> Transitions:
    """Every transition of every definition up to and including `as_of`.

    Parameters
    ----------
    timelines : pieces of one history, of whole blocks each, with one vocabulary. Gone through twice if the settings
        leave people out, so a generator is kept in memory then.
    as_of : by default the time of the last row; needs a sequence of timelines
    evidence : whether transitions carry their evidence
    compiled : whether to run the compiled kernel; by default, if the timelines are a sequence with rows enough, or a
        generator
    threads : blocks are shared between so many threads (of the compiled kernel)
    progress : called with the number of rows done

    Raises
    ------
    NotSupportedError
        If a definition says something that cannot be evaluated yet.
    """
    pass_, pieces = _prepared(definitions, settings, timelines, as_of, evidence, compiled, threads, standing=0)
    return pass_.run(pieces, progress)


def standing(
    definitions: Sequence[Definition],
    settings: Settings,
    timelines: Iterable[Timeline],
    *,
    as_of: int | None = None,
    everyone: bool = False,
    compiled: bool | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> Transitions:
    """How subjects stand at `as_of`, with the evidence as of then: who is qualified, or with `everyone`, each subject
    with each definition.

    The parameters are those of `replay`. Of each row, `change` tells whether the subject is qualified, `at` since when
    (not), `reason` why: who is not qualified is left out now, has reached the goal, has been qualified before, or is
    none of these (-1).
    """
    wanted = 2 if everyone else 1
    pass_, pieces = _prepared(definitions, settings, timelines, as_of, True, compiled, threads, standing=wanted)
    return pass_.run(pieces, progress)


def replay_pieces(
    definitions: Sequence[Definition],
    settings: Settings,
    timelines: Iterable[Timeline],
    *,
    as_of: int,
    compiled: bool | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    look: Callable[[Timeline], None] | None = None,
) -> Iterator[Transitions]:
    """What `replay` gives, a piece of the history at a time, so that nobody holds all of it.

    The parameters are those of `replay`. A subject's transitions lie in one piece. Of their evidence there are the
    quantities alone. `look` is called with each timeline as it was replayed (rows of those who are left out are muted),
    for who would have to read the history once more.
    """
    pass_, pieces = _prepared(definitions, settings, timelines, as_of, k.VALUES, compiled, threads, standing=0)
    yield from pass_.pieces(pieces, progress, look)


def _prepared(
    definitions: Sequence[Definition],
    settings: Settings,
    timelines: Iterable[Timeline],
    as_of: int | None,
    evidence: int,
    compiled: bool | None,
    threads: int,
    standing: int,
) -> tuple[_Replay, Iterable[Timeline]]:
    if as_of is None:
        timelines = list(timelines)
        as_of = max((int(timeline.time.max()) for timeline in timelines if len(timeline)), default=0)
    if compiled is None:
        compiled = not isinstance(timelines, Sequence) or sum(map(len, timelines)) >= COMPILING_PAYS_FROM
    pieces = without_left_out(settings, timelines, as_of, compiled, threads)
    return _Replay(definitions, settings, as_of, evidence, compiled, threads, standing), pieces


class _Replay:
    """One pass over the timelines. The programs are compiled when the first one shows its vocabulary."""

    def __init__(
        self,
        definitions: Sequence[Definition],
        settings: Settings,
        as_of: int,
        evidence: int,
        compiled: bool,
        threads: int,
        standing: int,
    ) -> None:
        self.standing = standing
        self.definitions = definitions
        self.settings = settings
        self.as_of = as_of
        self.evidence = evidence
        self.compiled = compiled
        self.threads = threads if compiled else 1
        self.engine = engine(compiled)

    def run(self, timelines: Iterable[Timeline], progress: Progress | None) -> Transitions:
        for timeline in self._each(timelines, progress):
            vocabulary = timeline.vocabulary
        return self._collected(vocabulary)

    def pieces(
        self, timelines: Iterable[Timeline], progress: Progress | None, look: Callable[[Timeline], None] | None
    ) -> Iterator[Transitions]:
        for timeline in self._each(timelines, progress):
            if look:
                look(timeline)
            yield self._collected(timeline.vocabulary)

    def _each(self, timelines: Iterable[Timeline], progress: Progress | None) -> Iterator[Timeline]:
        """Every timeline after it has been replayed."""
        pieces: Iterator[Timeline] = iter(timelines)
        timeline = next(pieces, None)
        if timeline is None:
            raise ValueError("there is no timeline to replay: give at least one, even if it has no rows")
        self._prepare(timeline)
        done = 0
        with ThreadPoolExecutor(self.threads) as pool:
            while timeline is not None:
                self._one(timeline, pool)
                done += len(timeline)
                if progress:
                    progress(done)
                yield timeline
                timeline = next(pieces, None)

    def _collected(self, vocabulary: Vocabulary) -> Transitions:
        return collect(self.machines[0], self.definitions, vocabulary, self.as_of)

    def _prepare(self, first: Timeline) -> None:
        self.sheets = Sheets.of(first, needs(self.definitions, self.settings).properties)
        program = compile_program(self.definitions, self.settings, first.vocabulary, self.sheets.columns())
        settings = (self.evidence, self.compiled, self.standing)
        machine = Machine(program, *settings)
        self.machines = [machine, *(Machine(program, *settings, beside=machine) for _ in range(1, self.threads))]

    def _one(self, timeline: Timeline, pool: ThreadPoolExecutor) -> None:
        rows = self.sheets.rows(timeline, self.compiled)
        jobs = [
            pool.submit(self._blocks, machine, timeline, rows, first, last)
            for machine, (first, last) in zip(self.machines, _shares(timeline.starts, self.threads), strict=False)
        ]
        for job in jobs:
            job.result()
        for machine in self.machines:
            machine.empty()

    def _blocks(self, machine: Machine, timeline: Timeline, rows: Rows, first: int, last: int) -> None:
        progress = np.array([first] + [0] * (PROGRESS_WORDS - 1), np.int64)
        subjects = [_largest(numbers, first, last) for numbers in (timeline.first_account, timeline.first_person)]
        heads = np.empty(max(subjects), np.int32)
        links = np.empty(_largest(timeline.starts, first, last), np.int32)
        columns = (timeline.starts, timeline.first_account, timeline.first_person, heads, links)
        index = [view(column, self.compiled) for column in columns]
        words = view(progress, self.compiled)
        while machine.mend(
            self.engine.replay_blocks(*machine.views(), rows, *index, last, words, self.as_of),
        ):
            pass


def _largest(firsts: NDArray[Any], first: int, last: int) -> int:
    """The greatest number of subjects, or rows, in one of the blocks."""
    return int(np.diff(firsts[first : last + 1]).max(initial=0))


def _shares(starts: NDArray[np.int64], threads: int) -> list[tuple[int, int]]:
    """Ranges of blocks with about the same number of rows each."""
    blocks = len(starts) - 1
    targets = np.linspace(starts[0], starts[-1], threads + 1)[1:-1]
    cuts = [0, *np.searchsorted(starts, targets).tolist(), blocks]
    return [(first, last) for first, last in pairwise(cuts) if first < last]
