"""A layer imports only from layers below it, and each vendor library has one home."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "fireflower"

BELOW_APP = {"discover", "destinations", "report", "simulate", "review", "evaluate", "history", "language", "model"}

MAY_IMPORT = {
    "model": set(),
    "language": {"model"},
    "history": {"model"},
    "evaluate": {"language", "model"},
    "review": {"evaluate", "history", "language", "model"},
    "discover": {"review", "evaluate", "history", "language", "model"},
    "destinations": {"evaluate", "language", "model"},
    "report": {"discover", "review", "evaluate", "history", "language", "model"},
    "simulate": {"model"},
    "app": BELOW_APP,
    "web": {"app", *BELOW_APP},
    "cli": {"web", "app", *BELOW_APP},
}

HOMES = {
    "click": {"cli"},
    "rich": {"cli"},
    "jinja2": {"destinations", "report"},
    "ruamel": {"language"},
    "duckdb": {"history"},
    "numba": {"evaluate", "discover"},
    "sklearn": {"discover"},
    "uvicorn": {"web"},
    "h11": {"web"},
    "starlette": {"web"},
    "prometheus_client": {"web"},
    "urllib3": {"destinations"},
    "psycopg": {"history"},
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            relative = path.parent.name == "kernel"  # loaded twice, under two names
            assert node.level == 0 or relative, f"{path}: import by full name, so that layers can be read off"
            yield node.module or "" if node.level == 0 else f"fireflower.evaluate.kernel.{node.module}"


def room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def test_the_modules_were_found() -> None:
    assert len(MODULES) >= 60
    assert {room(path) for path in MODULES} - {"", "templates"} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_only_downwards(path: Path) -> None:
    here = room(path)
    if here not in MAY_IMPORT:
        return
    rooms = {name.split(".")[1] for name in imports(path) if name.startswith("fireflower.")}
    assert rooms <= MAY_IMPORT[here] | {here}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_vendor_library_has_one_home(path: Path) -> None:
    for name in imports(path):
        vendor = name.split(".")[0]
        assert room(path) in HOMES.get(vendor, {room(path)}), f"{vendor} belongs in {HOMES[vendor]}"


def test_no_file_is_where_the_rest_goes() -> None:
    longest = {str(path.relative_to(PACKAGE)): len(path.read_text().splitlines()) for path in MODULES}
    names = {path.stem for path in MODULES}
    assert not {"utils", "helpers", "common", "misc"} & names
    assert max(longest.values()) <= 650, max(longest, key=longest.__getitem__)
