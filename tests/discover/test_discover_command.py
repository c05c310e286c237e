"""The whole way: from a history to an answer and a definition file."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from report.report_html import Page

import fireflower
from discover.conftest import SETTINGS, START
from fireflower.app.arguments import per_week_from
from fireflower.app.discover import Request, _source
from fireflower.app.project import Project
from fireflower.cli.program import program
from fireflower.discover.histories import landmarks, lives
from fireflower.model.moments import DAY
from fireflower.report.discovery import render_discovery

OWN = """\
definition: ours
subject: person
value:
  all:
    - count(Report Run) >= 4
    - count(Login) >= 1
"""

QUICK = ("--permutations", "40", "--landmarks", "3d,7d")


def run(project: Project | Path, *arguments: str, fails: int = 0) -> Result:
    folder = project.folder if isinstance(project, Project) else project
    result = CliRunner().invoke(program, [*arguments, "-p", str(folder)], prog_name="fireflower")
    assert result.exit_code == fails, result.output
    return result


@pytest.fixture(scope="module")
def discovered(product: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A copy of the product with the definitions that were written, and the answer."""
    folder = tmp_path_factory.mktemp("discovered") / "copy"
    shutil.copytree(product.folder, folder)
    (folder / "ours.yaml").write_text(OWN)
    beside = ("--hypothesis", str(folder / "ours.yaml"), "--output", str(folder / "answer.html"))
    return folder, json.loads(run(folder, "discover", *QUICK, "--json", *beside).stdout)


def test_finds_what_matters_and_writes_a_definition_that_works(discovered: tuple[Path, dict[str, Any]]) -> None:
    folder, found = discovered
    assert found["verdict"] == "signal"
    assert found["landmark_days"] == 7
    rule = found["rules"][0]
    assert rule["text"] == 'count(Report Run, within 7 days of "Signed Up") >= 2'
    assert rule["grade"] in ("predictive", "adjusted")
    assert rule["later"]["inside"]["value"] > 2 * rule["later"]["outside"]["value"]
    assert rule["expected"]["value"] <= rule["seen"]["inside"]["value"]
    assert found["rehearsal"]["like"] == 1
    assert [leak["name"] for leak in found["left_out"]] == ["Invoice Seen"]
    assert rule["name"] == "discovered-rule"
    assert "no faults" in run(folder, "check").output
    written = fireflower.open(folder).definition("discovered-rule").description
    assert "Of those who pass it by day 7, still active and without the goal then, " in written
    assert found["landmarks"][0]["silence_days"] in (1, 2, 3, 5, 7, 10, 14) and not found["churn"]
    assert "Bought" in run(folder, "backtest", "discovered-rule", "--sentences").output
    # The definition selects at day 7 exactly those whom the search had counted.
    definition = fireflower.open(folder).definition("discovered-rule")
    assert definition.subject == "person" and definition.goal is not None
    assert len(fireflower.open(folder).qualify("discovered-rule")) > 0


def test_what_was_discovered_is_what_qualifies(discovered: tuple[Path, dict[str, Any]]) -> None:
    folder, found = discovered
    project = fireflower.open(folder)
    rows = project.qualify("discovered-rule").to_pandas(transitions=True)
    entered = set(rows.loc[rows["change"] == "entered", "subject"])
    source, _ = _source(project, Request())
    (read,) = landmarks(source, lives(source), [7 * DAY], 30 * DAY, [])
    at_risk = {source.ids[subject] for subject in read.frame.subject}
    # Nobody buys before day 7 here, so of those at risk then, who ever qualified is who passed at the landmark.
    assert len(entered & at_risk) == found["rules"][0]["seen"]["inside_rows"] > 100


def test_the_base_rate_stands_at_the_top(discovered: tuple[Path, dict[str, Any]], product: Project) -> None:
    folder, found = discovered
    base, rule = found["base"], found["rules"][0]
    assert (base["rows"], base["hits"]) == (rule["seen"]["rows"], rule["seen"]["hits"])
    assert base["share"]["value"] == base["hits"] / base["rows"]
    said = f"Of {base['rows']:,} people at risk on day 7 (that could be followed for 30 days), {base['hits']} ("
    top, _, _ = run(product, "discover", *QUICK, "--no-files").output.partition("The rule")
    assert said in top and "reached the goal within 30 days: the base rate." in top
    assert said in (folder / "answer.html").read_text(encoding="utf-8")


def test_noise_has_no_signal_and_says_what_it_would_have_seen(noise: Project) -> None:
    text = run(noise, "discover", *QUICK).output
    assert "There is no reliable signal here" in text
    assert "Four times out of five it would have seen" in text
    assert "record more of what people do" in text
    assert "The rule" not in text
    assert not list((noise.folder / "definitions").iterdir())


def test_what_is_printed_of_circles_is_printed_elsewhere(product: Project) -> None:
    text = run(product, "discover", *QUICK, "--no-files").output
    above, _, block = text.partition("  circles:")
    names = [line.split("- ")[1].split("   #")[0].strip("'\"") for line in block.splitlines() if "- " in line]
    assert names and all(name in above.partition("Who could be compared")[0] for name in names)


def test_what_stands_beside_for_comparison_is_activity_of_any_kind(discovered: tuple[Path, dict[str, Any]]) -> None:
    assert "any" in discovered[1]["stayed"]["text"]


def test_single_signals_that_select_the_same_are_told_once(discovered: tuple[Path, dict[str, Any]]) -> None:
    told = {single["rule"]["text"] for single in discovered[1]["singles"] if not single["same_as"]}
    assert all(single["same_as"] in told for single in discovered[1]["singles"] if single["same_as"])


def test_text_says_it_in_words(product: Project) -> None:
    text = run(product, "discover", *QUICK, "--no-files").output
    for part in (
        "There is a signal",
        "of those with it",
        "of those without",
        "Grade",
        "Left out",
        "Invoice Seen",
        "a week",
    ):
        assert part in text
    assert "cause" not in text.replace("it need not be the cause", "")
    assert not list((product.folder / "definitions").iterdir())


def test_circles_are_proposed_and_once_declared_are_taken(product: Project, tmp_path: Path) -> None:
    quick = ("discover", "--permutations", "40", "--landmarks", "7d")
    text = run(product, *quick, "--no-files").output
    assert "[value?]" in text
    proposed = text[text.index("  circles:") :]
    assert "      - Report Run   # ?" in proposed
    folder = tmp_path / "declared"
    shutil.copytree(product.folder, folder)
    (folder / "fireflower.yaml").write_text(SETTINGS + textwrap.dedent(proposed).replace("Report Run", "A"))
    assert "1 warning" in run(folder, "check").output
    (folder / "fireflower.yaml").write_text(SETTINGS + textwrap.dedent(proposed).replace("value:", "intent:"))
    text = run(folder, *quick).output
    assert "[intent]" in text and "?]" not in text and "circles:" not in text
    written = (folder / "definitions" / "discovered-rule.yaml").read_text()
    assert "intent:" in written and "guess" not in written


def test_same_seed_same_answer(product: Project, discovered: tuple[Path, dict[str, Any]]) -> None:
    again = product.discover(landmarks=["3 days", "7 days"], permutations=40, write=False)
    first = discovered[1]
    assert [each.hits for each in again.landmarks] == [each["hits"] for each in first["landmarks"]]
    assert [rule.text for rule in again.rules] == [rule["text"] for rule in first["rules"]]
    assert again.p == first["p"]


def test_a_capacity_limits_the_volume(product: Project) -> None:
    found = json.loads(run(product, "discover", *QUICK, "--json", "--no-files", "--capacity", "6/week").stdout)
    assert all(rule["per_week"] <= 8 for rule in found["rules"])


def test_a_goal_may_be_a_formula(product: Project) -> None:
    found = json.loads(run(product, "discover", *QUICK, "--json", "--no-files", "--goal", "count(Bought) >= 1").stdout)
    assert found["rules"][0]["parts"][0]["text"].startswith("count(Report Run")


@pytest.fixture
def copy(product: Project, tmp_path: Path) -> Path:
    """The product to write definitions to."""
    return Path(shutil.copytree(product.folder, tmp_path / "copy"))


def test_a_formula_that_no_goal_can_say_is_no_goal_and_that_is_said(copy: Path) -> None:
    formula = "count(Bought) >= 1 and count(any) >= 1"
    text = run(copy, "discover", *QUICK, "--goal", formula).output
    assert f"'goal:` takes events only and not the formula {formula}".replace("'", "`") in text
    assert "'fireflower backtest d" not in text and "check' and 'fireflower backtest'" not in text
    written = copy / "definitions" / "discovered-rule.yaml"
    assert f"No event says what it is to predict, the formula {formula}, so" in written.read_text()
    made = fireflower.open(copy).definition("discovered-rule")
    assert made.goal is None and f"to reach {formula} within 30 days" in made.description


# --- Bad input --------------------------------------------------------------------------------------------------------

Make = Callable[..., Project]


def signed_up(people: int) -> list[tuple[int, str, str]]:
    return [(START + number * DAY // 4, "Signed Up", f"p{number}") for number in range(people)]


def refused(project: Project, *arguments: str, fails: int = 1) -> str:
    result = run(project, "discover", *arguments, fails=fails)
    assert "Traceback" not in result.output
    return result.output


def test_no_history(tmp_path: Path) -> None:
    (tmp_path / "fireflower.yaml").write_text(SETTINGS)
    assert "there is no history yet" in run(tmp_path, "discover", fails=1).output


def test_a_goal_that_never_happens(make: Make) -> None:
    project = make([*signed_up(300), (START + 70 * DAY, "Bougth", "p1")])
    assert "the goal 'Bought' has never happened. Did you mean 'Bougth'?" in refused(project)
    assert "the goal names the event 'Boght', which has never happened" in refused(project, "--goal", "Boght", fails=2)


def test_no_goal_at_all(make: Make) -> None:
    project = make(signed_up(20), "project: x\nstart: Signed Up\n")
    assert "what is to be predicted? Name a goal" in refused(project)


def test_a_goal_that_all_reach(make: Make) -> None:
    rows = signed_up(300)
    project = make([*rows, *((at + 10 * DAY, "Bought", person) for at, _, person in rows)])
    assert "all 300 people reached the goal Bought" in refused(project)


def test_a_goal_before_the_start(make: Make) -> None:
    rows = signed_up(300)
    project = make([*rows, *((at - DAY, "Bought", person) for at, _, person in rows[:100] if at > START + DAY)])
    assert "at or before their start" in refused(project)


def test_a_history_that_is_too_short(make: Make) -> None:
    rows = signed_up(40)
    project = make([*rows, (START + 11 * DAY, "Bought", "p1")])
    assert "too short for a landmark" in refused(project)


def test_clocks_that_run_behind_and_starts_that_are_missing(make: Make) -> None:
    rows = signed_up(200)
    early = [(at - DAY, "Login", person) for at, _, person in rows[4:100]]
    project = make([*rows, *early, (START + 5 * DAY, "Login", "x"), (START + 60 * DAY, "Bought", "p0")])
    text = run(project, "discover", *QUICK).output
    assert "48 % have events from before their start" in text
    assert "1 have no start at all and are not looked at" in text


def test_a_goal_that_is_not_there_and_has_no_like(make: Make) -> None:
    project = make(signed_up(20), "project: x\nstart: Signed Up\ngoal: Paid\n")
    assert "the goal 'Paid' has never happened. Events are: Signed Up. Correct `goal:` in" in refused(project)


def test_a_name_for_each_page_and_a_value_that_never_varies(make: Make) -> None:
    rows = signed_up(300)
    pages = [(at + DAY, f"Viewed /page/{number}", person) for number, (at, _, person) in enumerate(rows)]
    project = make([*rows, *pages, *((at + 9 * DAY, "Bought", person) for at, _, person in rows[::3])])
    text = run(project, "discover", *QUICK).output
    assert "there is nothing to compare them by" in text and "conditions were tried" not in text
    assert "of 302 kinds of events the 150 most frequent were looked at" in text


def test_nobody_to_compare_them_with(make: Make) -> None:
    rows = signed_up(60)
    bought = [(at + 9 * DAY, "Bought", person) for at, _, person in rows[:40]]
    text = run(make([*rows, *bought, (START + 90 * DAY, "Login", "p50")]), "discover", *QUICK).output
    assert "Too few to say anything: 40 reached the goal" in text
    assert "at least 80 who could be followed are needed" in text


def test_two_users(make: Make) -> None:
    project = make([*signed_up(2), (START + 5 * DAY, "Bought", "p1"), (START + 90 * DAY, "Login", "p0")])
    text = run(project, "discover").output
    assert "Too few to say anything: 1 reached the goal" in text
    assert "name an earlier goal" in text


def test_one_event_name(make: Make) -> None:
    rows = [(START + number * DAY // 4, "Login", f"p{number // 2}") for number in range(400)]
    project = make(rows, "project: x\n")
    assert "what is to be predicted?" in refused(project)
    assert "all 200 people reached the goal Login" in refused(project, "--goal", "Login")


@pytest.mark.parametrize(
    ("option", "said"),
    [("--capacity", "many"), ("--landmarks", "soon"), ("--capacity", "0/week"), ("--capacity", "40/")],
)
def test_wrong_options_say_what_is_expected(product: Project, option: str, said: str) -> None:
    assert "expected" in run(product, "discover", option, said, fails=2).output


def test_a_seed_is_not_negative(product: Project) -> None:
    assert "-1 is not in the range x>=0" in run(product, "discover", "--seed", "-1", fails=2).output


def test_landmarks_given_twice_are_looked_at_once(product: Project) -> None:
    asked = ("discover", "--permutations", "40", "--json", "--no-files", "--landmarks")
    once, twice = (run(product, *asked, said).stdout for said in ("3d,7d", "7d,3d,7d"))
    assert once == twice


def test_an_event_of_1970_is_the_first_of_the_history(make: Make) -> None:
    rows = signed_up(300)
    bought = [(at + 9 * DAY, "Bought", person) for at, _, person in rows[::3]]
    assert "too short" not in run(make([*rows, *bought, (0, "Login", "p0")]), "discover", *QUICK).output


def test_a_start_that_never_happens(make: Make) -> None:
    project = make([*signed_up(60), (START + 50 * DAY, "Bought", "p0")], "start: Signed Upp\ngoal: Bought\n")
    assert "the start 'Signed Upp' has never happened. Did you mean 'Signed Up'?" in refused(project)


def test_a_formula_knows_the_anchors_of_the_project_and_its_events(product: Project) -> None:
    asked = ("discover", *QUICK, "--json", "--no-files", "--goal")
    found = json.loads(run(product, *asked, "count(Bought, within 60 days of start) >= 1").stdout)
    assert found["verdict"] == "signal"
    unknown = refused(product, "--goal", "count(Bougth) >= 1", fails=2)
    assert "the goal names the event 'Bougth', which has never happened. Did you mean 'Bought'?" in unknown


@pytest.mark.parametrize("place", ["nowhere/page.html", "fireflower.yaml/page.html", f"{'long' * 80}.html"])
def test_a_page_that_cannot_be_written_is_refused_before_the_search(product: Project, place: str) -> None:
    before = sorted((product.folder / "definitions").iterdir())
    said = refused(product, *QUICK, "--output", str(product.folder / place))
    assert "error: " in said and "Searching" not in said
    assert sorted((product.folder / "definitions").iterdir()) == before


@pytest.mark.parametrize("option", ["--keep", "--churn"])
def test_names_that_are_not_there_are_refused_with_the_nearest(product: Project, option: str) -> None:
    said = refused(product, option, "Invoce Seen", fails=2)
    assert f"{option.lstrip('-')} names" in said and "Did you mean 'Invoice Seen'?" in said


def test_nobody_names_an_account(product: Project) -> None:
    assert "Ask about people (subject person)" in refused(product, "--subject", "account")


def test_definitions_are_seen_by_the_project_that_wrote_them_and_found_again_they_stay(copy: Path) -> None:
    project = fireflower.open(copy)
    assert project.definitions == ()
    found = project.discover(landmarks="3d, 7d", permutations=40, per_week="400/week")
    assert len(project.qualify("discovered-rule")) > 0 and "Bought" in str(project.backtest("discovered-rule"))
    texts = {path: path.read_text() for path in (copy / "definitions").iterdir()}
    assert sorted(found.files) == sorted(str(path) for path in texts)
    again = project.discover(landmarks="3d, 7d", permutations=40, per_week=400)
    assert again.files == found.files and [score.name for score in again.scores] == [s.name for s in found.scores]
    assert {path: path.read_text() for path in (copy / "definitions").iterdir()} == texts
    assert any(step.startswith("Definitions as before: discovered-rule") for step in again.next_steps)


def test_errors_in_python_speak_of_no_options(product: Project) -> None:
    wrong: list[dict[str, Any]] = [
        {"goal": "Boght"},
        {"goal": "count(Bought >= 1"},
        {"churn": "Lft"},
        {"keep": ["Invoce Seen"]},
        {"subject": "account"},
        {"horizon": "900 days"},
        {"per_week": "many"},
        {"per_week": 0},
        {"landmarks": "soon"},
    ]
    for arguments in wrong:
        with pytest.raises(fireflower.FireflowerError) as error:
            product.discover(**arguments, write=False)
        assert "--" not in str(error.value)


@pytest.mark.parametrize(("said", "number"), [("40/week", 40), ("8/day", 56), ("40", 40), (40, 40), (2.5, 2.5)])
def test_how_many_a_week(said: float | str, number: float) -> None:
    assert per_week_from(said) == number


# --- A team's own definition, and the page ----------------------------------------------------------------------------


def test_a_hypothesis_is_tested_and_bettered(discovered: tuple[Path, dict[str, Any]]) -> None:
    own, rule = discovered[1]["hypothesis"], discovered[1]["rules"][0]
    assert own["text"] == "count(Report Run) >= 4 and did(Login)"
    assert 0 < own["gain"] < rule["gain"]
    assert own["later"]["inside_rows"] < rule["later"]["inside_rows"]
    best = own["changes"][0]
    assert best["gain"] > 1
    assert "Report Run" in best["text"]
    assert own["seen"]["rows"] == rule["seen"]["rows"] == own["earlier"]["rows"] + own["later"]["rows"]
    assert own["per_week"] < rule["per_week"] and own["coverage"]["value"] < rule["coverage"]["value"]
    counted = [
        tuple(change[rows][key] for rows in ("earlier", "later") for key in ("inside_rows", "inside_hits"))
        for change in own["changes"]
    ]
    assert len(set(counted)) == len(counted)
    said = (discovered[0] / "answer.html").read_text(encoding="utf-8")
    assert "It foretells the goal: of those with it" in said and "of those with the rule that was found" in said
    assert "tells more there, too" in said or "does not tell more there" in said


SCORE = """\
definition: points
subject: person
score:
  each:
    Report Run: {points: 2, cap: 10}
    Login: {points: 1, cap: 5}
value: score >= 4 or did(Zork)
"""


def test_a_hypothesis_may_be_a_score_and_what_never_happened_in_it_is_named(product: Project, tmp_path: Path) -> None:
    own = tmp_path / "points.yaml"
    own.write_text(SCORE)
    text = run(product, "discover", *QUICK, "--no-files", "--hypothesis", str(own)).output
    assert "score >= 4 or did(Zork)" in text
    assert "your own definition: no event 'Zork' is in the data." in text


def test_what_a_capacity_kept_from_being_searched_is_said(make: Make) -> None:
    """Half of all run a report, once, and buy; a few, no others than others, read help."""
    rows = [(START + number * DAY // 2, "Signed Up", f"p{number}") for number in range(600)]
    reports = [(at + DAY, "Report Run", person) for at, _, person in rows[::2]]
    bought = [(at + 9 * DAY, "Bought", person) for at, _, person in rows[::4]]
    helped = [(at + DAY, "Help Read", person) for at, _, person in rows[::17]]
    project = make([*rows, *reports, *bought, *helped])
    asked = (*QUICK, "--no-files", "--json")
    without = json.loads(run(project, "discover", *asked).stdout)
    limited = json.loads(run(project, "discover", *asked, "--capacity", "1/week").stdout)
    assert without["verdict"] == "signal" and without["power"][-1]["share"] == 0.5
    assert limited["verdict"] == "none" and limited["next_steps"][0].startswith("ask without a capacity")
    assert all(each["share"] <= 0.1 for each in limited["power"])


def test_a_hypothesis_is_named_where_there_is_too_little_to_measure_it(make: Make, tmp_path: Path) -> None:
    own = tmp_path / "ours.yaml"
    own.write_text(OWN)
    project = make([*signed_up(60), (START + 5 * DAY, "Bought", "p1"), (START + 90 * DAY, "Login", "p0")])
    text = run(project, "discover", *QUICK, "--hypothesis", str(own)).output
    assert "ours was not measured, as too few reached the goal" in text
    assert "your own definition: no event 'Report Run' is in the data." in text


def test_traits_without_a_time_are_named(make: Make) -> None:
    rows = signed_up(300)
    project = make([*rows, *((at + 9 * DAY, "Bought", person) for at, _, person in rows[::3])])
    table = project.folder / "people.csv"
    table.write_text(
        "person,plan\n" + "".join(f"p{number},{'free' if number % 2 else 'team'}\n" for number in range(300))
    )
    run(project, "import", str(table), "--kind", "people", "--map", "person=person", "--yes")
    text = run(project, "discover", *QUICK).output
    assert "plan has no value at any landmark, maybe because it was imported without a time" in text


def test_more_than_can_be_worked_is_said(product: Project) -> None:
    text = run(product, "discover", *QUICK, "--no-files", "--capacity", "0.1/week").output
    assert "the 0.1 a week that can be worked are fewer than what is found" in text


def test_a_hypothesis_about_others_is_refused(product: Project, tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(OWN.replace("person", "account"))
    said = refused(product, "--hypothesis", str(tmp_path / "ours.yaml"), *QUICK)
    assert "ours is about the account, and the question about the person: ask with the subject account" in said


def test_the_page_stands_alone(discovered: tuple[Path, dict[str, Any]]) -> None:
    text = (discovered[0] / "answer.html").read_text(encoding="utf-8")
    assert Page(text).faults == []
    assert "<script" not in text and "http://" not in text and "https://" not in text
    for part in (
        "The rule",
        "Threshold curves",
        "Threshold × window",
        "Report Run",
        "Left out",
        "keep its word",
        "ours",
    ):
        assert part in text
    assert text.count('class="chart') >= 6


def test_the_page_has_a_table_of_what_does_nearly_as_well(product: Project) -> None:
    found = product.discover(permutations=40, landmarks="3d, 7d", write=False)
    page = render_discovery(replace(found, rules=(*found.rules[:1], *found.rules[:1])), "1.0")
    assert "Nearly as good</h2>" in page


def test_the_pages_contents_lead_to_its_chapters(discovered: tuple[Path, dict[str, Any]]) -> None:
    page = Page((discovered[0] / "answer.html").read_text(encoding="utf-8"))
    links = [link["href"].removeprefix("#") for link in page.all("a")]
    assert len(links) > 8
    assert set(links) <= {section["id"] for section in (*page.all("section"), *page.all("main")) if "id" in section}


def test_the_maps_are_what_one_would_count(discovered: tuple[Path, dict[str, Any]]) -> None:
    cells = next(heat["cells"] for heat in discovered[1]["heat"] if heat["event"] == "Report Run")
    cell = next(cell for cell in cells if cell["window_days"] == 7 and cell["threshold"] == 2)
    signals = [
        single for single in discovered[1]["singles"] if single["rule"]["text"].startswith("count(Report Run, w")
    ]
    assert cell["share"] == next(point["share"] for point in signals[0]["curve"] if point["threshold"] == 2)


def test_a_hypothesis_may_be_named_and_what_nobody_passes_yet_is_not_judged(product: Project) -> None:
    own = product.folder / "definitions" / "later.yaml"
    own.parent.mkdir(exist_ok=True)
    own.write_text('definition: later\nsubject: person\nvalue: elapsed("Signed Up") >= 300 days\ngoal: Trial Started\n')
    try:
        text = run(product, "discover", *QUICK, "--no-files", "--hypothesis", "later").output
    finally:
        own.unlink()
    assert "Only 0 people of" in text and "too few to judge it at that age" in text
    assert "your own definition is to predict Trial Started; here it was judged by the goal that was asked for" in text
