"""The real clients, fetched once from the package registries into a cache that all checkouts share."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

PYTHON = (
    "segment-analytics-python==2.4.0",
    "rudder-sdk-python==2.1.9",
    "customerio-cdp-analytics==1.1.0",
    "posthog==7.91.1",
)
NODE = (
    "@segment/analytics-node@3.1.0",
    "analytics-node@6.2.0",
    "@rudderstack/rudder-sdk-node@3.0.13",
    "posthog-node@5.70.0",
    "@jitsu/js@1.11.0",
    "@segment/analytics-next@1.84.3",
    "posthog-js@1.449.2",
    "jsdom@29.1.1",
)
_PATIENCE = 300


def python_clients() -> Path:
    """The folder into which Python's clients are installed, apart from what fireflower stands on."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--target"]
    return _installed("python", (*PYTHON, sys.version[:4]), lambda folder: [*pip, str(folder), *PYTHON])


def node_clients() -> Path:
    """The folder in which Node finds its clients."""
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        pytest.skip("node and npm are not here: install Node 18 or newer to test with its event clients")
    flags = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--silent"]
    return _installed("node", NODE, lambda folder: [npm, "install", *flags, "--prefix", str(folder), *NODE])


def _installed(name: str, packages: Sequence[str], command: object) -> Path:
    digest = sha256("\n".join(packages).encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fireflower-tests"
    folder = cache / f"{name}-{digest}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=cache))
    try:
        done = subprocess.run(
            command(fresh),  # type: ignore[operator]
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"the {name} clients cannot be fetched: {(done.stderr or done.stdout)[-300:]}")
        if not folder.exists():
            fresh.rename(folder)
        return folder
    except subprocess.TimeoutExpired:
        pytest.skip(f"the {name} clients could not be fetched within {_PATIENCE} seconds")
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
