"""A disk without room and a file that cannot be written: what is wrong is said, nothing that was acknowledged is lost,
and it goes on once there is room again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from disks import small_disk
from live.projects import MINUTES, expected, messages, moment, project, recorded
from waiting import eventually

from fireflower.app.live.service import Service
from fireflower.history.log.connecting import connect
from fireflower.history.log.database import SQLite, StorageError
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.schema import prepare
from log.messages import append, track

_APPEND_UNTIL_REFUSED = """
import resource, sys
from fireflower.history.log.connecting import connect
from fireflower.history.log.database import StorageError
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.schema import prepare
from log.messages import append, track

log = MessageLog(connect(sys.argv[1]))
prepare(log._database)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
try:
    for number in range(10_000):
        append(log, track(f"{number}"))
        print(number, flush=True)
except StorageError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
append(log, track("later"))
print("later")
"""
_APPEND_ONCE = """
import os, sys
from fireflower.history.log.connecting import connect
from fireflower.history.log.database import StorageError
from fireflower.history.log.messages import MessageLog
from log.messages import append, track

if os.geteuid() == 0:  # to whom nothing is forbidden
    os.setegid(65534)
    os.seteuid(65534)
try:
    append(MessageLog(connect(sys.argv[1])), track("a"))
except StorageError as error:
    print(error)
"""


def run(program: str, path: Path) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_quota(tmp_path: Path) -> None:
    *acknowledged, refused, later = run(_APPEND_UNTIL_REFUSED, tmp_path / "log.sqlite")
    assert len(acknowledged) >= 20 and later == "later"
    assert "log.sqlite: disk I/O error. The disk or a quota gives no room, or the disk has failed" in refused
    database = connect(tmp_path / "log.sqlite")
    assert database.rows("PRAGMA integrity_check") == [("ok",)]
    kept = [each.body for each in MessageLog(database).all()]
    assert kept == [track(key).body for key in (*acknowledged, "later")]
    database.close()


def test_a_full_database(tmp_path: Path) -> None:
    """As SQLite says it of a full disk, by its own limit."""
    database = SQLite(tmp_path / "log.sqlite")
    prepare(database)
    log = MessageLog(database)
    ((pages,),) = database.rows("PRAGMA page_count")
    database.rows(f"PRAGMA max_page_count = {pages + 20}")
    acknowledged = list(_until_refused(lambda key: append(log, track(key)), "The disk is full: make room"))
    database.rows("PRAGMA max_page_count = 100000")
    append(log, track("later"))
    assert [each.body for each in log.all()] == [track(key).body for key in (*acknowledged, "later")]
    database.close()


def _until_refused(write: Callable[[str], object], why: str) -> Iterator[str]:
    said = "never refused"
    for number in range(100_000):
        try:
            write(str(number))
        except StorageError as error:
            said = str(error)
            break
        yield str(number)
    assert why in said and "nothing that was acknowledged is lost" in said


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own, with little room."""
    with small_disk(tmp_path / "small", "1m") as folder:
        yield folder


def test_a_service_on_a_full_disk(small: Path, tmp_path: Path) -> None:
    acme, some, now = project(tmp_path / "acme"), messages(1, 400), moment(MINUTES)
    service = Service(acme, connect=lambda: connect(small / "log.sqlite"), compiled=False, clock=lambda: now)
    service.start()
    eventually(lambda: service.state.ready)
    service.submit(some[:50]).result(30)
    eventually(lambda: service.state.evaluated >= 50)
    filling = small / "filling"
    with filling.open("wb", buffering=0) as file:
        for size in (4096, 512, 1):
            _fill(file.write, size)
    acknowledged = 50

    def submit(number: str) -> None:
        nonlocal acknowledged
        service.submit(some[50 + int(number) : 51 + int(number)]).result(30)
        acknowledged += 1

    list(_until_refused(submit, "The disk"))
    filling.unlink()
    assert service.submit(some).result(30) == 400 - acknowledged
    eventually(lambda: service.state.ready and not service.waiting())
    service.stop()
    database = connect(small / "log.sqlite")
    assert database.rows("PRAGMA integrity_check") == [("ok",)]
    assert len(list(MessageLog(database).all())) == 400
    assert recorded(database) == expected(acme, database, now) != []
    database.close()


def _fill(write: Callable[[bytes], int], size: int) -> None:
    try:
        while True:
            write(b"\0" * size)
    except OSError:
        return


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that every user can look into."""
    folder = Path(mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    rmtree(folder)


def test_a_file_that_cannot_be_written(open_to_all: Path) -> None:
    path = open_to_all / "log.sqlite"
    database = connect(path)
    prepare(database)
    append(MessageLog(database), track("acknowledged"))
    database.close()
    path.chmod(0o444)
    open_to_all.chmod(0o555)
    (said,) = run(_APPEND_ONCE, path)
    assert "log.sqlite: attempt to write a readonly database. Make the file and its folder writable" in said
    open_to_all.chmod(0o755)
    path.chmod(0o644)
    database = connect(path)
    assert len(append(MessageLog(database), track("acknowledged"), track("later"))) == 1
    database.close()
