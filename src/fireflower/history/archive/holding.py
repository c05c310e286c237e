"""Who reads a generation holds it, and what is held is not removed. A hold goes with its process, however that ends."""

from __future__ import annotations

import errno
import os
import shutil
import weakref
from pathlib import Path

_TAKEN = (errno.EWOULDBLOCK, errno.EACCES)


class Hold:
    """Keeps a folder from being removed for as long as this object lives.

    Raises
    ------
    FileNotFoundError
        If the folder is not there, or is being removed.
    """

    def __init__(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY)
        self.release = weakref.finalize(self, os.close, descriptor)
        if not _locked(descriptor, shared=True) or not folder.exists():
            self.release()
            raise FileNotFoundError(errno.ENOENT, "it is being removed", str(folder))


def remove_unless_held(folder: Path) -> bool:
    """Remove a folder, as far as possible; False if somebody holds it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if not _locked(descriptor, shared=False):
            return False
        shutil.rmtree(folder, ignore_errors=True)
        return True
    finally:
        os.close(descriptor)


def _locked(descriptor: int, *, shared: bool) -> bool:
    """Lock a file, if nobody has. Where a file system knows no locks, all is as if nobody had."""
    import fcntl

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _TAKEN
    return True
