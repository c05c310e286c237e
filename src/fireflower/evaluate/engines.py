"""The kernel twice from one source: as plain Python, which starts at once, and compiled, which runs a hundred times
faster."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from fireflower.evaluate import kernel
from fireflower.evaluate.kernel.jit import COMPILED

COMPILING_PAYS_FROM = 30_000
"""Rows from which loading the compiled kernel (about a second when cached) is quicker than running it as plain
Python."""


def engine(compiled: bool) -> ModuleType:
    """The kernel's loop (`kernel.rows`), plain or compiled."""
    return _compiled() if compiled else importlib.import_module("fireflower.evaluate.kernel.rows")


def is_compiled(*, live: bool = False) -> bool:
    """Whether the compiled kernel is in the cache, so that using it takes a second, not half a minute: that of a
    replay, or the one that works live."""
    entry = "replay_batch" if live else "replay_blocks"
    return any(_cache_folder().glob(f"**/rows.{entry}-*.nbc"))


def compiling_lock() -> Path:
    """The file that is locked by the one process that compiles the kernel ahead."""
    return _cache_folder() / "compiling.lock"


def view(array: Any, compiled: bool) -> Any:
    """An array as the engine wants it: plain Python is quicker on memory views, and computes with its own integers
    there."""
    return array if compiled else memoryview(array)


@cache
def _compiled() -> ModuleType:
    """The kernel package, loaded once more under another name, in which `jit` compiles (see `kernel.jit`)."""
    import numba

    folder = Path(kernel.__file__).parent
    name = f"fireflower.evaluate.{COMPILED}"
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = str(_cache_folder())
    try:
        spec.loader.exec_module(package)
        return importlib.import_module(f"{name}.rows")
    finally:
        config.CACHE_DIR = before


@cache
def source() -> str:
    """By which it is seen whether the kernel is the same program as another time."""
    digest = hashlib.sha256()
    for file in sorted(Path(kernel.__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> Path:
    """Where compiled code is kept: a folder for this very source, since numba alone does not notice a change in a
    called file; and for this very copy of it, as numba compiles anew for another."""
    copy = hashlib.sha256()
    for file in sorted(Path(kernel.__file__).parent.glob("*.py")):
        copy.update(f"{file} {file.stat().st_mtime_ns} {file.stat().st_size}".encode())
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    wanted = Path(home) / "fireflower" / f"kernel-{source()}-{copy.hexdigest()[:8]}"
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        return wanted
    except OSError:
        return Path(tempfile.mkdtemp(prefix="fireflower-kernel-"))
