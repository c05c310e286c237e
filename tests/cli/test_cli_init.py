"""init: a project that can be used at once, and nothing of anybody's is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from fireflower.app.init import templates

NAMES = [template.name for template in templates()]


def test_the_project_that_it_makes_passes_its_check(tmp_path: Path, run) -> None:
    folder = tmp_path / "shop"
    said = run("init", folder).output
    assert "fireflower import events.csv" in said and "fireflower serve" in said
    assert "1 definition can be used, 2 tests passed, no faults." in run("check", project=folder).output
    ignored = (folder / ".gitignore").read_text()
    assert "fireflower backup" in ignored and ignored.endswith("\n.fireflower/\n")


def test_there_are_templates() -> None:
    assert len(NAMES) >= 15
    assert {"slack", "hubspot", "figma", "dock", "drift", "facebook", "intercom"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_template_is_listed_and_makes_a_project_that_passes(name: str, tmp_path: Path, run) -> None:
    assert any(line.startswith(f"{name}  ") for line in run("init", "--list").output.splitlines())
    run("init", tmp_path / name, "--template", name)
    assert "can be used" in run("check", project=tmp_path / name).output


def test_an_unknown_template_names_what_is_near(tmp_path: Path, run) -> None:
    text = run("init", tmp_path / "x", "--template", "slak", fails=1).output
    assert "there is no template 'slak'. Did you mean 'slack'?" in text
    assert not (tmp_path / "x").exists()


def test_nothing_is_overwritten(tmp_path: Path, run) -> None:
    run("init", tmp_path)
    mine = tmp_path / "fireflower.yaml"
    mine.write_text("project: mine\n")
    text = run("init", tmp_path, fails=1).output
    assert "has these files already" in text
    assert "Nothing was written" in text
    assert mine.read_text() == "project: mine\n"


def test_without_a_folder_it_says_how(run) -> None:
    assert "fireflower init shop" in run("init", fails=2).output
