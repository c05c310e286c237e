"""The log moves into the archive by a process of its own, so that whoever serves goes on undisturbed.

python -m fireflower.app.live.compacting_apart    what is to be moved is said on standard input
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from typing import Any

from fireflower.app.live.compacting import Compactor
from fireflower.app.live.database import opener
from fireflower.app.project import going_by
from fireflower.model.errors import FireflowerError, ProjectError


class CompactorApart(Compactor):
    """One that has another process do it."""

    _process: subprocess.Popen[bytes] | None = None

    def compact(self, up_to: int | None = None) -> int:
        """As a `Compactor` does. Also raises ProjectError if the other process is ended before it is done."""
        if not self._is_anything_left(up_to):
            return 0
        # A session of its own, as a terminal sends its signals to all of one: who serves ends this one.
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        what = self._project.folder, self._project.settings, self._mappings, up_to
        said, _ = self._process.communicate(pickle.dumps(what))
        if self._process.returncode:
            raise ProjectError("the process that was moving the log into the archive has ended before it was done")
        answer: dict[str, Any] = json.loads(said)
        if "error" in answer:
            raise ProjectError(answer["error"])
        return int(answer["moved"])

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()


def main() -> None:
    """Move what is asked for, and say how many records were new to the archive, or why nothing has moved."""
    folder, settings, mappings, up_to = pickle.load(sys.stdin.buffer)
    project = going_by(settings, folder)
    try:
        database = opener(project)()
        try:
            answer: dict[str, Any] = {"moved": Compactor(project, database, mappings).compact(up_to)}
        finally:
            database.close()
    except FireflowerError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
