"""A replay that goes on: rows in any batches, on state that is kept, saved and resumed."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

import numpy as np

from fireflower.evaluate.collecting import collect
from fireflower.evaluate.engines import engine, view
from fireflower.evaluate.kernel import layout as k
from fireflower.evaluate.kernel.rows import PROGRESS_WORDS, ROW
from fireflower.evaluate.machine import Machine, Sheets, forget_output
from fireflower.evaluate.program import compile_program
from fireflower.evaluate.results import Transitions
from fireflower.language.nodes import Definition, Settings
from fireflower.language.walking import needs
from fireflower.model.errors import NotSupportedError, ProjectError
from fireflower.model.timeline import Timeline


class OngoingReplay:
    """The same kernel as `replay`, on the states of all subjects at once.

    Rows may come in any batches, as long as each subject's come in canonical order; where a batch ends never matters.
    People and accounts
    are known by their codes, so every batch must be coded with the vocabulary of `like`.

    Parameters
    ----------
    like : a timeline (rows are not needed) with the vocabulary and the property columns of what will come
    """

    def __init__(
        self, definitions: Sequence[Definition], settings: Settings, like: Timeline, *, compiled: bool = False
    ) -> None:
        if any(kind == "person" for kind, _ in settings.leave_out):
            raise NotSupportedError(
                "a replay that goes on cannot leave people out yet, since what they do is muted for their accounts "
                "before rows are taken in. Use `replay`."
            )
        self._definitions = definitions
        self._vocabulary = like.vocabulary
        self._compiled = compiled
        self._engine = engine(compiled)
        self._sheets = Sheets.of(like, needs(definitions, settings).properties)
        program = compile_program(definitions, settings, like.vocabulary, self._sheets.columns())
        self._machine = Machine(program, with_evidence=True, compiled=compiled)
        self._machine.make_room(len(like.vocabulary.accounts), len(like.vocabulary.people))

    def take_in(self, timeline: Timeline, first: int = 0, end: int | None = None, *, until: int = k.NEVER - 1) -> None:
        """Rows [first, end) of a timeline; those later than `until` are passed over."""
        rows = self._sheets.rows(timeline, self._compiled)
        progress = np.zeros(PROGRESS_WORDS, np.int64)
        progress[ROW] = first
        machine = self._machine
        states = [view(array, self._compiled) for array in (machine.accounts, machine.people)]
        last = len(timeline) if end is None else end
        words = view(progress, self._compiled)
        while machine.mend(self._engine.replay_batch(*machine.views(), rows, *states, last, words, until)):
            pass

    def decide(self, as_of: int) -> None:
        """Let time go on to `as_of`: whatever changes up to and including it, by rows or by time alone, is decided."""
        machine = self._machine
        accounts, people = (view(array, self._compiled) for array in (machine.accounts, machine.people))
        counts = len(machine.accounts), len(machine.people)
        while machine.mend(
            self._engine.advance_batch(*machine.views(), accounts, counts[0], people, counts[1], as_of + 1)
        ):
            pass

    def transitions(self, as_of: int) -> Transitions:
        """What has been decided since the last call, in order; `as_of` is only written on it."""
        return collect(self._machine, self._definitions, self._vocabulary, as_of)

    def save(self) -> bytes:
        """The state. Transitions that have not been asked for are not part of it: ask before saving."""
        memory = self._machine.memory
        file = io.BytesIO()
        np.savez_compressed(
            file,
            program=np.frombuffer(self._fingerprint(), np.uint8),
            head=memory[: k.MEMORY_HEAD],
            heap=memory[memory[k.HEAP] : memory[k.TOP]],
            accounts=self._machine.accounts,
            people=self._machine.people,
        )
        return file.getvalue()

    def resume(self, saved: bytes) -> None:
        """Go on from what `save` gave.

        Raises
        ------
        ProjectError
            If it was saved by other definitions, settings or vocabulary.
        """
        with np.load(io.BytesIO(saved)) as parts:
            if parts["program"].tobytes() != self._fingerprint():
                raise ProjectError(
                    "the saved state is of other definitions, settings or data: replay the history instead of resuming"
                )
            machine = self._machine
            start, size = int(machine.memory[k.HEAP]), len(parts["heap"])
            memory = np.zeros(max(len(machine.memory), 2 * (start + size)), np.int64)
            memory[:start] = machine.memory[:start]
            memory[: k.MEMORY_HEAD] = parts["head"]
            memory[start : start + size] = parts["heap"]
            forget_output(memory)
            memory[k.SIZE] = len(memory)
            machine.memory, machine.accounts, machine.people = memory, parts["accounts"], parts["people"]

    def _fingerprint(self) -> bytes:
        return hashlib.sha256(self._machine.program.image.tobytes()).digest()
