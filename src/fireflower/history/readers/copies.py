"""Copies that are read in place of files that cannot be."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from fireflower.history.room import room_in

_CURE = "Make room there, or name another folder for temporary files in TMPDIR, and run this again."


@contextmanager
def copied(suffix: str, scratch: Path | None) -> Iterator[Path]:
    """The place of a copy that is to be written. Where that fails nothing is left; else it is the caller's to remove.

    Parameters
    ----------
    scratch : a folder that is swept even if this process is killed; None for the one for temporary files

    Raises
    ------
    Unwritable
        If the disk of temporary files is full. Who has a scratch folder says so of that.
    """
    folder = scratch or Path(tempfile.gettempdir())
    folder.mkdir(parents=True, exist_ok=True)
    with nullcontext() if scratch else room_in(folder, _CURE):
        number, name = tempfile.mkstemp(prefix="fireflower-", suffix=suffix, dir=folder)
        os.close(number)
        try:
            yield Path(name)
        except BaseException:
            Path(name).unlink()
            raise
