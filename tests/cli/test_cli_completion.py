"""Shell completion: the scripts, and what they get for their questions."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script(shell: str, run) -> None:
    script = run("completion", shell).output
    assert "_FIREFLOWER_COMPLETE" in script
    assert f"{shell}_complete" in script


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_understands_its_script(run) -> None:
    script = run("completion", "bash").output
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def completed(line: str) -> list[str]:
    words = line.split(" ")
    question = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_FIREFLOWER_COMPLETE": "bash_complete"}
    done = subprocess.run(
        [sys.executable, "-c", "from fireflower.cli import main; main()"],
        env=os.environ | question,
        capture_output=True,
        text=True,
        check=True,
    )
    return [answer.partition(",")[2] for answer in done.stdout.splitlines()]


def test_commands_and_options_are_completed() -> None:
    assert completed("fireflower qu") == ["qualify"]
    assert completed("fireflower qualify --all") == ["--all-transitions"]
    assert completed("fireflower qualify --format ") == ["table", "json", "csv", "parquet"]
