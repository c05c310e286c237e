"""The demo project: its files load, each definition does what its own tests say, and copying never overwrites."""

from __future__ import annotations

import pytest

from fireflower.evaluate.replay import replay
from fireflower.history.assembly import assemble
from fireflower.language.examples import as_of, to_records
from fireflower.language.loading import load_project
from fireflower.language.nodes import KINDS
from fireflower.simulate import project_files, write_project


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    write_project(folder)
    return load_project(folder)


def test_every_kind_and_both_subjects_are_shown(project):
    _, definitions = project
    assert {definition.kind for definition in definitions} == set(KINDS)
    assert {definition.subject for definition in definitions} == {"person", "account"}
    assert all(len(definition.examples) >= 2 for definition in definitions)


def test_definitions_do_what_their_tests_say(project):
    settings, definitions = project
    ran = 0
    for definition in definitions:
        for example in definition.examples:
            timeline = assemble(to_records(example))
            found = replay([definition], settings, [timeline], as_of=as_of(example), compiled=False)
            changes = [
                ("entered" if found.change[row] else "left", int(found.at[row]))
                for row in range(len(found))
                if found.subject_id(row) == example.subject
            ]
            assert changes == list(example.expect), f"{definition.name}: {example.name}"
            ran += 1
    assert ran >= 10


def test_definitions_speak_of_what_the_world_holds(year, project):
    """Every event and trait that the project names happens in the simulated year."""
    settings, definitions = project
    mentions = [mention for each in (settings, *definitions) for mention in each.mentions]
    traits = {
        ("account" if call["type"] == "group" else "person") + f".{name}"
        for call in year.calls
        if call["type"] in ("group", "identify")
        for name in call.get("traits", {})
    }
    traits |= {f"account.{name}" for name in year.table("accounts.csv")[0]}
    traits |= {f"person.{name}" for name in year.table("people.csv")[0]}
    events = {call["event"] for call in year.calls if call["type"] == "track"}
    named = {what: {mention.name for mention in mentions if mention.what == what} for what in ("event", "trait")}
    assert named["event"] and named["event"] <= events
    assert named["trait"] and named["trait"] <= traits


def test_a_project_is_not_written_over(tmp_path):
    written = write_project(tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in written] == list(project_files())
    with pytest.raises(FileExistsError, match=r"fireflower\.yaml"):
        write_project(tmp_path)
