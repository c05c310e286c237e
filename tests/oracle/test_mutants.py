"""The golden cases and a fixed set of drawn ones notice every mistake that `mutants` makes in the kernel."""

from __future__ import annotations

import importlib
import importlib.util
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from golden.cases import golden_cases
from hypothesis import HealthCheck, Phase, given, settings

from fireflower.evaluate import kernel, replay
from fireflower.model.timeline import Timeline

from .engine import Told, timeline_of, told, told_by_oracle
from .mutants import MUTANTS, Mutant
from .strategies import QUANTITIES, Case, cases

KERNEL = Path(kernel.__file__).parent


# --- The fixed cases --------------------------------------------------------------------------------------------------


def drawn(count: int, kind: str = "") -> list[Case]:
    """The first cases that hypothesis draws, the same at every time."""
    found: list[Case] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(kind))
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return found


@cache
def fixed_cases() -> list[tuple[Case, Timeline, list[Told]]]:
    golden: list[Case] = [([g.definition], g.settings, list(g.records), g.as_of) for g in golden_cases()]
    every_kind = [case for kind in QUANTITIES for case in drawn(8, kind)]
    return [(case, timeline_of(case), told_by_oracle(case)) for case in [*golden, *every_kind, *drawn(150)]]


# --- Mutants ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def mutated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A copy of the kernel under another name, which the replay uses. Its files lie in `tmp_path`, to be changed."""
    for file in KERNEL.glob("*.py"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    name = "fireflower.evaluate.mutated"
    spec = importlib.util.spec_from_file_location(
        name, tmp_path / "__init__.py", submodule_search_locations=[str(tmp_path)]
    )
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, package)
    spec.loader.exec_module(package)
    monkeypatch.setattr(replay, "ThreadPoolExecutor", AtOnce)
    signal.signal(signal.SIGALRM, give_up)
    monkeypatch.setattr(replay, "engine", lambda compiled: importlib.import_module(f"{name}.rows"))
    yield package
    for module in [module for module in sys.modules if module.startswith(f"{name}.")]:
        del sys.modules[module]


class AtOnce:
    """Stands in for a pool of threads: runs at once, where a signal can stop what would never end."""

    def __init__(self, threads: int) -> None: ...

    def __enter__(self) -> AtOnce:
        return self

    def __exit__(self, *error: object) -> None: ...

    def submit(self, function: Callable[..., None], *arguments: Any) -> Future[None]:
        done: Future[None] = Future()
        function(*arguments)
        done.set_result(None)
        return done


class EndlessError(Exception):
    pass


def give_up(*signal: object) -> None:
    raise EndlessError


def notices(case: Case, timeline: Timeline, expected: list[Told]) -> bool:
    definitions, of_project, _, as_of = case
    signal.setitimer(signal.ITIMER_REAL, 2)
    try:
        found = replay.replay(definitions, of_project, [timeline], as_of=as_of, compiled=False)
        return told(found) != expected
    except (EndlessError, ArithmeticError, LookupError, ValueError, TypeError):
        return True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def test_without_a_mutation_nothing_is_noticed(mutated: ModuleType) -> None:
    assert not [case for case, timeline, expected in fixed_cases() if notices(case, timeline, expected)]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant_is_noticed(mutant: Mutant, mutated: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / f"{mutant.file}.py"
    source = file.read_text(encoding="utf-8")
    assert source.count(mutant.old) == 1, f"{mutant.file}.py has changed: bring the mutant up to date"
    file.write_text(source.replace(mutant.old, mutant.new), encoding="utf-8")
    assert any(notices(*fixed) for fixed in fixed_cases()), "survived"


def test_there_are_enough_mutants() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 20
