"""Compiling the kernel beside a server that works already: another process does it, and leaves it in the cache."""

from __future__ import annotations

import logging
import subprocess
import sys

_LOGGER = logging.getLogger("fireflower.serve")


class Compiling:
    """A compilation that is going on."""

    def __init__(self) -> None:
        _LOGGER.info(
            "The kernel is being compiled, once on this machine: about a minute. Meanwhile events are taken in and "
            "evaluated by the same code uncompiled, which is slower; a long history waits for it."
        )
        self._process = subprocess.Popen(
            [sys.executable, "-m", "fireflower.evaluate.warming", "live"], stderr=subprocess.DEVNULL
        )

    def is_done(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def stop(self) -> None:
        """End it. What it had not done is done the next time."""
        if not self.is_done():
            self._process.kill()
        self._process.wait()
