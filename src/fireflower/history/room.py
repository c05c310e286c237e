"""Folders that cannot be written to, and what is said where a disk is full."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fireflower.model.errors import ProjectError

FULL = (errno.ENOSPC, errno.EDQUOT)
"""The numbers of errors where a disk is full, or what one user may have of it."""

_MOVE = "Make room there, or move it to a disk that has room, and run this again: nothing half done is left behind."


class Unwritable(ProjectError):
    """A folder cannot be written to now; what is there can be read."""


@contextmanager
def room_in(folder: Path, cure: str = _MOVE) -> Iterator[None]:
    """For what is written to a folder: where the disk is full, its error says only that.

    Raises
    ------
    Unwritable
        With the folder, how much room there was and did not do, and what to do.
    """
    free = _free(folder)
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise Unwritable(
            f"{folder} cannot be written to: {os.strerror(error.errno)}. More is needed than the {free / 1e6:,.1f} MB "
            f"that were free there before. {cure}"
        ) from None


def no_room() -> OSError:
    """A disk is full, as some library has said in words of its own."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _free(folder: Path) -> int:
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return shutil.disk_usage(there).free
