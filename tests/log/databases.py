"""Databases for tests: whoever asks for `url` is run once with each kind."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from fireflower.history.log.connecting import connect
from fireflower.history.log.database import Database
from fireflower.history.log.schema import prepare
from log.server import MISSING, Server, binaries, shared

KINDS = ("sqlite", "postgresql")
Opener = Callable[[], Database]

_NUMBERS = count()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL server, shared by all processes of this run."""
    if binaries() is None:
        pytest.skip(MISSING)
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    with shared(base / "postgresql") as found:
        yield found


@pytest.fixture
def own() -> Iterator[Server]:
    """A server that nobody else uses."""
    if binaries() is None:
        pytest.skip(MISSING)
    home = Path(tempfile.mkdtemp(prefix="ffpg"))
    home.chmod(0o755)
    server = Server(home / "s")
    server.make()
    server.start()
    yield server
    server.stop("immediate")
    shutil.rmtree(home)


@pytest.fixture
def postgresql(server: Server) -> str:
    """The URL of a schema of its own in PostgreSQL."""
    return schema_of(server)


def schema_of(server: Server) -> str:
    """The URL of a new schema."""
    schema = f"t{os.getpid()}_{next(_NUMBERS)}"
    database = connect(server.url("postgres"))
    database.rows(f"CREATE SCHEMA {schema}")
    database.close()
    return f"{server.url('postgres')}&options=-csearch_path%3D{schema}"


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql"))
    return f"sqlite:///{request.getfixturevalue('tmp_path')}/log.sqlite"


@pytest.fixture
def opened(url: str) -> Iterator[Opener]:
    """Opens connections to a database that has the log's tables."""
    connections: list[Database] = []

    def more() -> Database:
        connections.append(connect(url))
        return connections[-1]

    prepare(more())
    yield more
    for each in connections:
        each.close()


@pytest.fixture
def database(opened: Opener) -> Database:
    """A connection to a database that has the log's tables."""
    return opened()
