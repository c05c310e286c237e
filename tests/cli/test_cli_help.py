"""Help: every command has one, with examples; and the reference page names everything."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from fireflower.cli.program import COMMANDS, program

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
NAMES = [command.name or "" for command in COMMANDS]


def test_the_commands_are_the_ones_that_were_promised() -> None:
    promised = {
        "init", "import", "check", "qualify", "explain", "backtest", "diff", "describe", "simulate", "report", "doctor",
    }  # fmt: skip
    assert promised <= set(NAMES)


def test_help_lists_every_command_with_what_it_does(run) -> None:
    listed = run("--help").output
    for command in COMMANDS:
        assert re.search(rf"^  {command.name} +\w", listed, re.MULTILINE), command.name
    assert "Exit codes: 0" in listed


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_with_examples(name: str, run) -> None:
    text = run(name, "--help").output
    assert "Examples:" in text
    assert f"fireflower {name}" in text


@pytest.mark.parametrize("name", NAMES)
def test_every_option_says_what_it_is_for(name: str) -> None:
    options = [p for p in program.commands[name].params if isinstance(p, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_page_names_every_command_and_option(name: str) -> None:
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    section = next((text for text in sections if text.startswith(f"fireflower {name}\n")), None)
    assert section is not None, f"docs/cli.md has no section '## fireflower {name}'"
    for option in program.commands[name].params:
        names = [*option.opts, *option.secondary_opts] if isinstance(option, click.Option) else [_shown(option)]
        assert [each for each in names if each not in section] == []


def _shown(argument: click.Parameter) -> str:
    return (argument.metavar or argument.name or "").upper()


def test_the_version_is_printed(run) -> None:
    assert re.fullmatch(r"fireflower \d+\.\d+\.\d+\S*\n", run("--version").output)


def test_it_runs_as_a_program() -> None:
    done = subprocess.run([sys.executable, "-m", "fireflower", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("fireflower ")


def test_wrong_usage_exits_with_2_and_names_what_is_near(run) -> None:
    assert "Did you mean" in run("qualfy", fails=2).output
    assert "--limit" in run("qualify", "--limt", "3", fails=2).output


@pytest.mark.parametrize("when", ["yesterday", "2026-13-01"])
def test_a_time_that_is_none_is_wrong_usage(when: str, run) -> None:
    assert "expected a date or time such as '2026-03-01'" in run("qualify", "--as-of", when, fails=2).output


def test_a_span_that_is_none_is_wrong_usage(run) -> None:
    assert "expected a span such as '7 days'" in run("backtest", "team", "--horizon", "3 months", fails=2).output
