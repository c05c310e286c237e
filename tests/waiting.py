"""Waiting for what comes about by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial


def soon(holds: Callable[[], object], seconds: float = 20) -> None:
    """Wait until it holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it has not come about"
        time.sleep(0.01)


eventually = partial(soon, seconds=60)
"""The same where a service works through much, or a database starts anew."""
