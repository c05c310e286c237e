"""The kernel is compiled when it is first needed, once on a machine for each version of it. This does it before.

python -m fireflower.evaluate.warming           for replays
python -m fireflower.evaluate.warming live      for a server
"""

from __future__ import annotations

import sys
from typing import IO

import numpy as np

from fireflower.evaluate.engines import compiling_lock, is_compiled
from fireflower.evaluate.live import LiveReplay
from fireflower.evaluate.replay import replay
from fireflower.language.nodes import Compare, Condition, Count, Definition, Events, Settings
from fireflower.model.timeline import Timeline, Vocabulary


def warm() -> None:
    """Compile the kernel, unless the cache holds it: about half a minute on one core."""
    definition = Definition("warm", "person", Condition(Count(Events()), Compare(">=", 1.0)))
    replay([definition], Settings(), [_nothing()], as_of=0, compiled=True)


def warm_live() -> None:
    """Compile what works live, unless the cache holds it: about as long."""
    definition = Definition("warm", "person", Condition(Count(Events()), Compare(">=", 1.0)))
    LiveReplay([definition], Settings(), compiled=True).warm()


def _nothing() -> Timeline:
    """A history of one block without rows."""
    codes, block = np.empty(0, np.int32), np.zeros(2, np.int32)
    return Timeline(
        vocabulary=Vocabulary([], [], []),
        time=np.empty(0, np.int64),
        what=codes,
        person=codes,
        account=codes,
        target=np.empty(0, np.uint8),
        detail=codes,
        starts=np.zeros(2, np.int64),
        first_person=block,
        first_account=block,
    )


def _alone() -> IO[str]:
    """Wait until no other process compiles the kernel. The lock is held until the file is closed."""
    file = compiling_lock().open("a")
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
    return file


def main(what: str) -> None:
    """Compile, if that has not been done meanwhile."""
    with _alone():
        if what == "live" and not is_compiled(live=True):
            warm_live()
        elif what != "live" and not is_compiled():
            warm()


if __name__ == "__main__":
    main(*sys.argv[1:] or [""])
