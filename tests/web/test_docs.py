"""docs/ingest.md names every path, every code and every client that is tested."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from fireflower.web.ingest import handles
from fireflower.web.ingest.harmless import _ANSWERS
from fireflower.web.ingest.paths import ROUTES
from web.installing import NODE, PYTHON

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "docs" / "ingest.md").read_text(encoding="utf-8")


def expanded(path: str) -> Iterator[str]:
    """The paths that one with {a,b} stands for."""
    match = re.search(r"\{([^}]*)\}", path)
    if not match:
        yield path
        return
    for choice in match[1].split(","):
        yield from expanded(path[: match.start()] + choice + path[match.end() :])


DOCUMENTED = {path for span in re.findall(r"`(/[^`]*)`", TEXT) for path in expanded(span)}


def test_every_path_is_documented_and_every_documented_path_is_one() -> None:
    assert len(ROUTES) >= 30
    assert set(ROUTES) | set(_ANSWERS) <= DOCUMENTED
    assert [path for path in DOCUMENTED if not handles(path)] == []


def test_every_code_is_documented() -> None:
    sources = (ROOT / "src" / "fireflower" / "web" / "ingest").glob("*.py")
    codes = {code for path in sources for code in re.findall(r'Refusal\(\s*\d{3},\s*"(\w+)"', path.read_text())}
    assert len(codes) >= 12
    assert [code for code in codes if f"`{code}`" not in TEXT] == []


def test_every_client_is_documented() -> None:
    names = {re.sub(r"(==|(?<!^)@).*", "", package) for package in (*PYTHON, *NODE)} - {"jsdom"}
    assert [name for name in names if name not in TEXT] == []
