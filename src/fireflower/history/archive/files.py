"""Files that are written once and then only read. They close when nobody holds them any longer, also after an error."""

from __future__ import annotations

import mmap
import os
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fireflower.history.archive.integrity import damaged


class NewFile:
    """A file that is being written."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        self._close = weakref.finalize(self, os.close, self._descriptor)

    def write(self, content: Any) -> None:
        """Add bytes, or what an array holds."""
        view = memoryview(content).cast("B") if memoryview(content).nbytes else memoryview(b"")
        while len(view):
            view = view[os.write(self._descriptor, view) :]

    def close(self) -> None:
        """End the file. It is safe on disk when its folder has been made so (see `safety`)."""
        self._close()


class OldFile:
    """A file that is read in any place."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY)
        self._close = weakref.finalize(self, os.close, self._descriptor)

    def fill(self, out: NDArray[Any], offset: int) -> None:
        """Fill an array with what stands at this offset in bytes."""
        view, done = memoryview(out.view(np.uint8).data), 0
        while done < len(view):
            count = os.preadv(self._descriptor, [view[done:]], offset + done)
            if count == 0:
                raise damaged(self._path, "it is shorter than it was when it was written")
            done += count

    def array(self, dtype: DTypeLike) -> NDArray[Any]:
        """All of it, loaded as far as it is looked at."""
        return np.frombuffer(mmap.mmap(self._descriptor, 0, prot=mmap.PROT_READ), dtype)
