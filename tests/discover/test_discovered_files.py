"""What becomes of the definitions that an earlier search wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from fireflower.app.discovered_files import Proposal, Shelf, marked, unedited
from fireflower.discover.drafts import Draft, rule_file
from fireflower.discover.results import Part
from fireflower.language.loading import load_definition
from fireflower.language.nodes import Events, Settings

GOAL = Events(("Bought",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "definitions"
    path.mkdir()
    return path


def score(event: str, share: float = 4, asked: str = "Bought") -> Proposal:
    part, said = Part(f"count({event}) >= 2", "value", event), f"{share} % reached the goal."
    return Proposal("discovered-score", lambda name: rule_file(Draft(name, "person", GOAL, said, asked), [part], False))


def put(folder: Path, *proposals: Proposal) -> tuple[list[str], str]:
    shelf = Shelf(folder, Settings())
    names = shelf.put(proposals)
    assert shelf.files == [str(folder / f"{name}.yaml") for name in names]
    assert all(load_definition(folder / f"{name}.yaml").name == name for name in names)
    return names, shelf.said()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_an_edit_is_told_and_line_ends_are_none() -> None:
    text = marked("a: 1\nb: 2\n")
    assert unedited(text) and unedited(text.replace("\n", "\r\n"))
    assert not unedited(text.replace("2", "3")) and not unedited(text + "c: 3\n") and not unedited("a: 1\n")
    assert not unedited(text + text)


def test_the_same_search_again_writes_nothing(folder: Path) -> None:
    first, said = put(folder, score("A"), score("B"))
    assert first == ["discovered-score", "discovered-score-2"]
    assert said == "Definitions written: discovered-score, discovered-score-2."
    texts = {path: path.read_text() for path in folder.iterdir()}
    for _ in range(3):
        again, said = put(folder, score("A"), score("B"))
        assert again == first and said == "Definitions as before: discovered-score, discovered-score-2."
    assert {path: path.read_text() for path in folder.iterdir()} == texts


def test_what_is_found_again_keeps_its_name_and_the_others_take_the_first_free_or_unedited(folder: Path) -> None:
    put(folder, score("A"), score("B"), score("C"))
    names, said = put(folder, score("B", share=5), score("D"))
    assert names == ["discovered-score-2", "discovered-score"]
    assert "replaced, as nobody had edited them: discovered-score-2, discovered-score;" in said
    assert "left from an earlier search (delete them if you do not need them): discovered-score-3." in said
    assert load_definition(folder / "discovered-score-2.yaml").description == "5 % reached the goal."
    assert len(list(folder.iterdir())) == 3


def test_an_edited_one_is_kept_and_used_again_where_it_means_the_same(folder: Path) -> None:
    put(folder, score("A"))
    edit(folder / "discovered-score.yaml", "4 %", "four %")
    edit(folder / "discovered-score.yaml", "value:", "intent:")  # as users are told to do
    assert put(folder, score("A")) == (["discovered-score"], "Definitions as before: discovered-score.")
    assert "four %" in (folder / "discovered-score.yaml").read_text()
    edit(folder / "discovered-score.yaml", ">= 2", ">= 3")
    names, said = put(folder, score("A"))
    assert names == ["discovered-score-2"]
    assert said == "Definitions written: discovered-score-2; kept, as they were edited by hand: discovered-score."
    assert put(folder, score("A"))[0] == names and len(list(folder.iterdir())) == 2


def test_one_without_a_checksum_is_kept_or_used_again(folder: Path) -> None:
    (folder / "discovered-score.yaml").write_text(score("A").text("discovered-score"))
    assert put(folder, score("A"))[0] == ["discovered-score"]
    assert put(folder, score("B"))[0] == ["discovered-score-2"]


def test_an_answer_to_another_question_is_kept(folder: Path) -> None:
    put(folder, score("A"))
    names, said = put(folder, score("B", asked="Paid"))
    assert names == ["discovered-score-2"] and "kept, as they answer another question: discovered-score." in said
    assert put(folder, score("C"))[0] == ["discovered-score"]
    assert put(folder, score("D", asked="Paid"))[0] == ["discovered-score-2"]


def test_names_of_others_and_files_with_faults_are_let_be(folder: Path) -> None:
    (folder / "mine.yaml").write_text("definition: discovered-score\nsubject: person\nvalue: count(A) >= 9\n")
    (folder / "discovered-score-2.yaml").write_bytes(b"\xff: [")
    (folder / "discovered-score-3.yml").write_text("definition: other\nsubject: person\nvalue: count(A) >= 8\n")
    names, said = put(folder, score("A"))
    assert names == ["discovered-score-4"] and "edited by hand: discovered-score-2, discovered-score-3." in said
