"""The package: what it carries, what it promises, and that importing it costs nothing."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pytest

import fireflower

ROOT = Path(__file__).parent.parent
HEAVY = (
    "numpy", "pyarrow", "duckdb", "numba", "jinja2", "rich", "pandas", "polars", "ruamel", "starlette", "uvicorn",
    "uvloop", "prometheus_client", "urllib3",
)  # fmt: skip


def loaded_by(statement: str) -> set[str]:
    """Which heavy libraries a fresh interpreter has loaded after a statement."""
    script = f"{statement}\nimport sys\nprint(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_version_is_the_one_of_the_distribution() -> None:
    assert fireflower.__version__ == version("fireflower")
    with (ROOT / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["version"] == fireflower.__version__


@pytest.mark.parametrize("name", fireflower.__all__)
def test_everything_that_is_promised_is_there_and_documented(name: str) -> None:
    member = getattr(fireflower, name)
    assert name in dir(fireflower)
    assert name == "__version__" or member.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'qualfy'"):
        _ = fireflower.qualfy


def test_importing_loads_nothing_heavy() -> None:
    assert loaded_by("import fireflower") == set()


def test_the_command_line_loads_nothing_heavy() -> None:
    assert loaded_by("import fireflower.cli.program") == set()


@pytest.mark.parametrize(
    "path",
    ["py.typed", "app/starter/fireflower.yaml", "simulate/project/fireflower.yaml", "report/assets/report.css"],
)
def test_carries_what_is_not_code(path: str) -> None:
    assert files("fireflower").joinpath(path).is_file()


def test_what_is_not_ours_is_not_in_the_tree() -> None:
    """Neither absolute paths of a machine nor addresses of a package registry stand in what is published."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    forbidden = [f"/{folder}/" for folder in ("root", "work/main", "home/user")] + ["://" + "pypi.org/simple"]
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if (
            path.suffix in {".py", ".md", ".toml", ".yaml", ".sh", ""}
            and path.is_file()
            and name != "tests/test_package.py"
        ):
            text = path.read_text(encoding="utf-8", errors="ignore")
            assert not [word for word in forbidden if word in text], name
