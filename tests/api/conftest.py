"""A served project with some history, for tests that only read; and one for each test that changes something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.serving import Served, seed, served, shop, token


@pytest.fixture(scope="session")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A served project that stays as it is."""
    folder = shop(tmp_path_factory.mktemp("api") / "shop")
    with served(folder, bearer=token(folder, "boss", "admin"), origins=("https://app.example",)) as found:
        seed(found)
        yield found


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Served]:
    """A served project of one's own, and an admin's token."""
    folder = shop(tmp_path / "shop")
    with served(folder, bearer=token(folder, "boss", "admin")) as found:
        seed(found)
        yield found
