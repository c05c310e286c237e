"""Copies that are read in place of files that cannot be. They stand in the folder for temporary files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fireflower.history.room import room_in

_CURE = "Make room there, or name another folder for temporary files in TMPDIR, and run this again."


@contextmanager
def copied(suffix: str) -> Iterator[Path]:
    """The place of a copy that is to be written. Where that fails nothing is left; else it is the caller's to remove.

    Raises
    ------
    Unwritable
        If the disk is full.
    """
    with room_in(Path(tempfile.gettempdir()), _CURE):
        number, name = tempfile.mkstemp(prefix="fireflower-", suffix=suffix)
        os.close(number)
        try:
            yield Path(name)
        except BaseException:
            Path(name).unlink()
            raise
