"""Shell completion: the scripts, and what they get for their questions."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

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


def completed(line: str, folder: Path | None = None) -> list[str]:
    words = line.split(" ")
    question = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_FIREFLOWER_COMPLETE": "bash_complete"}
    done = subprocess.run(
        [sys.executable, "-c", "from fireflower.cli import main; main()"],
        env=os.environ | question,
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    return [answer.partition(",")[2] for answer in done.stdout.split()]


def test_commands_and_options_are_completed() -> None:
    assert completed("fireflower qu") == ["qualify"]
    assert completed("fireflower qualify --all") == ["--all-transitions"]
    assert completed("fireflower qualify --format ") == ["table", "json", "csv", "parquet"]


def test_names_that_the_project_knows_are_completed(empty_project: Path) -> None:
    (empty_project / "definitions" / "beta.yaml").write_text("definition: beta\nsubject: person\nvalue: did(Login)\n")
    (empty_project / "definitions" / "wrong.yaml").write_text("definition: wrong\nsubject: nobody\n")
    (empty_project / "destinations").mkdir()
    (empty_project / "destinations" / "crm.yaml").write_text("destination: crm\nfile: {path: leads.jsonl}\n")
    assert completed("fireflower qualify --definition be", empty_project) == ["beta"]
    assert completed(f"fireflower backtest --project {empty_project} be") == ["beta"]
    assert completed("fireflower explain ann -d ", empty_project) == ["active", "beta", "team"]
    assert completed("fireflower deliveries test c", empty_project) == ["crm"]
    assert completed("fireflower init shop --template sla") == ["slack"]


def test_where_nothing_can_be_read_nothing_is_offered(tmp_path: Path) -> None:
    assert completed("fireflower qualify --definition be", tmp_path) == []
    assert completed("fireflower diff dra", tmp_path) == ["dra"]  # a file, which the shell completes
