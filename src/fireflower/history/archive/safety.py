"""Files that must be safe on disk before a manifest names them. Work goes on while the disk is waited for."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from fireflower.history.archive.manifest import sync_folder


def make_safe(folder: Path) -> None:
    """Wait until all files in a folder are safe on disk, and their names."""
    for path in sorted(folder.iterdir()):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    sync_folder(folder)


class Safety:
    """Makes folders safe, one after the other."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._pending: list[Future[None]] = []

    def begin(self, folder: Path) -> None:
        """Begin with a folder in which nothing is written any longer."""
        self._pending.append(self._pool.submit(make_safe, folder))

    def wait(self) -> None:
        """Wait until all of them are safe.

        Raises
        ------
        OSError
            If one of them could not be made so.
        """
        for each in self._pending:
            each.result()
        self._pending.clear()

    def stop(self) -> None:
        """Give up what has not been begun: nothing will name it."""
        self._pool.shutdown(cancel_futures=True)
