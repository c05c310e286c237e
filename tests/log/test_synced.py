"""What is acknowledged has been written through to the disk before: as the system saw it happen."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_ACKNOWLEDGED = 12
_PROGRAM = """
import os, sys
from fireflower.app.live.writing import Writer
from fireflower.history.log.connecting import connect
from fireflower.history.log.reading import PLAIN
from fireflower.history.log.schema import prepare
from log.messages import track

database = connect(sys.argv[1])
prepare(database)
writer = Writer(database, PLAIN, lambda durable: None)
writer.start()
for number in range(int(sys.argv[2])):
    writer.submit([track(f"{number}-{nth}") for nth in range(3)]).result()
    os.write(1, f"acknowledged {number}\\n".encode())
writer.stop()
database.close()
"""


@pytest.fixture
def trace(tmp_path: Path) -> list[str]:
    """What a process that appends to a log asked the system for, in order; each call when it was done."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("no strace here: apt-get install strace")
    traced = tmp_path / "trace"
    command = [strace, "-f", "-y", "-e", "trace=fsync,fdatasync,write,pwrite64,ftruncate", "-o", str(traced)]
    command += [sys.executable, "-c", _PROGRAM, f"{tmp_path}/log.sqlite", str(_ACKNOWLEDGED)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    if "PTRACE_TRACEME" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip(f"strace may not trace here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("acknowledged") == _ACKNOWLEDGED
    return list(_finished(traced.read_text().splitlines()))


def _finished(lines: list[str]) -> Iterator[str]:
    """Calls as whole lines: of those that another thread's came between, the beginning is kept until they end."""
    begun: dict[str, str] = {}
    for line in lines:
        thread, _, call = line.partition(" ")
        call = call.strip()
        if call.endswith("<unfinished ...>"):
            begun[thread] = call.removesuffix("<unfinished ...>")
        elif call.startswith("<..."):
            yield begun.pop(thread) + re.sub(r"^<\.\.\. \w+ resumed>", "", call)
        else:
            yield call


def test_synced_before_acknowledged(trace: list[str]) -> None:
    written = synced = False
    acknowledged = 0
    for call in trace:
        if re.match(r"p?write\w*\(\d+<[^>]*log\.sqlite-wal>", call):
            written, synced = True, False
        elif re.match(r"f(data)?sync\(\d+<[^>]*log\.sqlite-wal>\) += 0", call):
            synced = True
        elif re.match(r'write\(1<.*"acknowledged', call):
            assert written, f"{call}: nothing had been written to the log"
            assert synced, f"{call}: what had been written to the log was not yet on disk"
            written, acknowledged = False, acknowledged + 1
    assert acknowledged == _ACKNOWLEDGED
