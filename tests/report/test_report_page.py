"""The whole page: complete, self-contained, valid, and safe whatever the data say."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import report_sample as sample
from report_html import Page

from fireflower.language.expressions import parse_formula
from fireflower.language.nodes import Compare, Condition, Trait
from fireflower.report import Criterion, DefinitionReport, Evidence, Lead, ReportData, Unmoved, render
from fireflower.report.figures import bound_text, got_to, time_to_stage
from fireflower.report.page import FIRST_LEADS

SAMPLES = {
    "full": sample.full,
    "empty": sample.empty,
    "nobody": sample.nobody,
    "small": sample.small,
    "no definition": lambda: ReportData("Nothing yet", None, "0.1.0"),
}
HOSTILE = {
    "script": "</script><script>alert(1)</script><!--",
    "quotes": "\"'><img src=http://evil.example/x onerror=alert(1)>",
    "right to left": "\u202egpj.exe\u202c שלום",
    "emoji": "🔥👩‍👩‍👧 team\u2028line",
    "long": "x" * 300,
    "template": "{{ 7 * 7 }} {% raw %}",
    "control": "a\x00b\x0bc\ud800",
    "formula": "=cmd|'/c calc'!A1",
}


@pytest.fixture(scope="module", params=SAMPLES, ids=str)
def page(request: pytest.FixtureRequest) -> Page:
    return Page(render(SAMPLES[request.param]()))


@pytest.fixture(scope="module")
def full() -> str:
    return render(sample.full())


def embedded(page: str) -> list[dict]:
    """The data that the page carries for its script, a part for each definition with leads."""
    return [json.loads(text) for text in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.S)]


def one_lead(lead: Lead) -> ReportData:
    definition = DefinitionReport("d", "account", criteria=sample.CRITERIA, leads=(lead,))
    return ReportData("p", sample.AS_OF, "0", (definition,))


def test_tags_close_in_order(page: Page) -> None:
    assert page.faults == []


def test_nothing_is_loaded_from_anywhere(page: Page) -> None:
    assert [load for load in page.loads if not load.startswith("#")] == ["data:,"]
    assert not page.all("img") and not page.all("iframe") and not page.all("form")


def test_no_address_stands_in_style_or_script(full: str) -> None:
    script = "".join(re.findall(r"<script>(.*?)</script>", full, re.S))
    assert "//" not in re.sub(r"^ *// .*$", "", script, flags=re.M) and "fetch" not in script
    style = "".join(re.findall(r"<style>.*?</style>", full, re.S))
    assert "url(" not in style and "@import" not in style


def test_no_inline_style_or_handler(page: Page) -> None:
    named = {name for _, attributes in page.tags for name in attributes}
    assert "style" not in named
    assert not {name for name in named if name.startswith("on")}


def test_policy_allows_exactly_the_pages_own_style_and_script(full: str) -> None:
    policy = Page(full).all("meta", http_equiv="Content-Security-Policy")[0]["content"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    for tag in ("style", "script"):
        content = re.search(rf"<{tag}>(.*?)</{tag}>", full, re.S)
        assert content
        digest = base64.b64encode(hashlib.sha256(content[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_ids_are_unique_and_every_link_leads_somewhere(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))
    links = [link["href"] for link in page.all("a")]
    assert links and all(link[1:] in page.ids for link in links)
    assert all(found["aria-labelledby"] in page.ids for _, found in page.tags if "aria-labelledby" in found)


def test_headings_go_down_one_step_at_a_time(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_picture_has_a_name_or_is_hidden(page: Page) -> None:
    for picture in page.all("svg"):
        assert picture.get("aria-label") or "aria-hidden" in picture or "viewbox" in picture


def test_full_page_says_what_matters() -> None:
    data = sample.full()
    words = Page(render(data)).words()
    for said in (
        "134 accounts and 5 people",
        "team-ready-to-pay",
        "What it asks for",
        "it uses at least 90 % of its storage",
        "Natural next step",
        "Truth (simulated)",
        "Comparable others",
        "30 Mar 2026, 16:42 UTC",
        "31 Mar 2025",
        "612,408",
        "email ends with “@parley.example”",
        "events-2025-07.csv.gz",
        "Nothing here is causal",
        "95 % intervals",
        "0.1.0",
    ):
        assert said in words, said
    backtest = data.definitions[0].backtest
    assert backtest
    assert all(" ".join(sentence.split()) in words for sentence in backtest.sentences())


def test_the_overview_says_so_where_definitions_have_other_goals(full: str) -> None:
    def compared(page: str) -> str:
        return page[page.index("What each definition gives you") : page.index("</table>")]

    team, person = sample.full().definitions
    alike = replace(sample.full(), definitions=(team, replace(person, goal=team.goal)))
    assert "goal:" not in compared(render(alike))
    other = replace(sample.full(), definitions=(team, replace(person, goal="Ticket <Opened>")))
    assert "goal: <bdi>Ticket &lt;Opened&gt;</bdi>" in compared(render(other))
    none = replace(sample.full(), definitions=(team, replace(person, goal="")))
    assert "no goal" in compared(render(none))


def test_real_data_show_no_truth() -> None:
    words = Page(render(sample.full(truth=False))).words()
    assert "Truth" not in words and "simulated" not in words


def test_small_samples_are_called_so() -> None:
    assert "small sample" in Page(render(sample.small())).words().rpartition("How to read this")[0]
    assert Page(render(sample.full())).words().count("small sample") == 1  # where the words are explained


def test_page_without_data_says_so() -> None:
    words = Page(render(sample.empty())).words()
    assert "no data yet" in words and "Not tested: this definition has no goal" in words
    assert "nan" not in words.lower().split()


def test_nobody_qualified_is_said_and_no_empty_chart_is_drawn() -> None:
    page = Page(render(sample.nobody()))
    assert "Nobody qualifies at the moment." in page.words()
    assert not page.all("svg", role="img")


def test_unknown_threshold_curve_is_drawn_without_a_line() -> None:
    definition = replace(sample.full().definitions[0], thresholds=(sample.unknown_curve(),))
    page = Page(render(replace(sample.full(), definitions=(definition,))))
    assert page.faults == [] and "NaN" not in page.words()


def test_each_stage_of_the_time_to_value_has_a_picture_with_a_scale_of_its_own(full: str) -> None:
    result = sample.full().definitions[0].time_to_value
    assert result is not None
    pictures = [time_to_stage(result, i) for i in range(len(result.curves))]
    assert all(picture in full for picture in pictures) and len(pictures) == 3
    tops = [re.findall(r">([0-9.]+)\N{NO-BREAK SPACE}%</text>", picture)[-1] for picture in pictures]
    highest = [100 * float(curve.high.max()) for _, curve in result.curves]
    assert all(high <= float(top) <= 2 * high for high, top in zip(highest, tops, strict=True))


def test_where_a_curve_ends_is_said() -> None:
    curve = sample.full().definitions[0].time_to_value.curves[0][1]  # type: ignore[union-attr]
    curve = replace(curve, days=np.array([0.0, 90.0]), share=np.array([0.0, 0.088]))
    assert got_to(curve).replace("\N{NO-BREAK SPACE}", " ") == "8.8 % within 90 days"
    assert got_to(replace(curve, share=np.array([math.nan, math.nan]))) == "unknown"


def test_bounds_without_a_curve_are_named_with_the_reason() -> None:
    why = "at other bounds hardly anybody would qualify"
    named = replace(sample.full().definitions[0], unmoved=(Unmoved("did(Talk To Sales)", "", why),))
    words = Page(render(replace(sample.full(), definitions=(named,)))).words()
    assert f"did(Talk To Sales) : {why}" in words or f"did(Talk To Sales): {why}" in words
    alone = Page(render(replace(sample.full(), definitions=(replace(named, thresholds=()),)))).words()
    assert why in alone and "No condition of this definition has a bound" not in alone


@pytest.mark.parametrize(
    ("formula", "unit", "bound", "words"),
    [
        ("count(A) / 100 >= 90%", "", 0.28, "28\N{NO-BREAK SPACE}%"),
        ("count(A) / 100 >= 3", "", 2.0, "2"),
        ("no A for 7 days", "days", 0.125, "3\N{NO-BREAK SPACE}hours"),
        ("hours_spent(A) >= 2", "hours", 1.0, "1\N{NO-BREAK SPACE}hour"),
        ("account.employees >= 20", "", 1500.0, "1,500"),
    ],
)
def test_a_bound_is_said_in_its_unit(formula: str, unit: str, bound: float, words: str) -> None:
    condition = parse_formula(formula, "account")
    curve = replace(sample.unknown_curve(), condition=condition, unit=unit, thresholds=(bound, 1e6))
    assert bound_text(curve, 0) == words


def test_first_leads_stand_in_the_page_and_all_in_its_data(full: str) -> None:
    page = Page(full)
    assert len(page.all("tbody", class_="lead")) == FIRST_LEADS + 5 + 2  # both definitions, and their moulds
    data = embedded(full)
    assert [len(part["leads"]) for part in data] == [134, 5]
    assert all(len(lead["has"]) == len(part["criteria"]) for part in data for lead in part["leads"])


def test_two_thousand_leads_stay_under_two_megabytes() -> None:
    assert len(render(sample.full(2_000)).encode()) < 2_000_000


def test_ten_thousand_leads_add_data_but_no_markup() -> None:
    few, many = render(sample.full(100)), render(sample.full(10_000))
    assert many.count("<tr") == few.count("<tr")
    assert (
        len(json.loads(re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', many)[0])["leads"]) == 10_000
    )


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    harmless, hurt = Page(render(sample.hostile("harmless"))), Page(render(sample.hostile(text)))
    assert hurt.faults == []
    assert [tag for tag, _ in hurt.tags] == [tag for tag, _ in harmless.tags]
    assert hurt.loads == harmless.loads
    shown = text.encode("utf-8", "replace").decode()
    assert " ".join(shown.split()) in hurt.words()


def test_data_of_the_script_cannot_end_it() -> None:
    text = HOSTILE["script"]
    page = render(sample.hostile(text))
    assert embedded(page)[0]["leads"][0]["id"] == text
    assert text not in page


def test_leads_without_evidence_are_listed() -> None:
    assert "acc_1" in Page(render(one_lead(Lead("acc_1", sample.AS_OF)))).words()


def test_evidence_that_does_not_fit_the_criteria_is_refused() -> None:
    data = one_lead(Lead("acc_1", sample.AS_OF, (Evidence(True, 1.0),)))
    with pytest.raises(ValueError, match="evidence on 1 criteria, the definition has 8"):
        render(data)


def test_the_same_data_give_the_same_page(full: str) -> None:
    assert render(sample.full()) == full


def test_a_chip_does_not_say_the_same_twice() -> None:
    criteria = (Criterion(Condition(Trait("account", "industry"), Compare("=", "software")), "industry"),)
    leads = tuple(Lead(value, 0, (Evidence(value == "software", value),)) for value in ("software", "media"))
    definition = DefinitionReport("d", "account", criteria=criteria, leads=leads)
    rows = render(ReportData("p", sample.AS_OF, "0", (definition,))).split('<tbody class="lead">')
    needed = [re.search(r'data-slot="needed">([^<]*)<', row).group(1) for row in rows[1:3]]
    assert needed == ["", "software"]


def test_whom_to_talk_to_stands_with_each_lead_that_has_somebody(full: str) -> None:
    words = Page(full).words()
    assert "Talk to" in words and "channels 2 of 3; last seen" in words
    nobody = replace(sample.full().definitions[0].leads[0], doers=())
    assert "names those who did most of it" not in Page(render(one_lead(nobody))).words()


def test_without_a_next_step_there_is_no_column_of_it() -> None:
    leads = (Lead("a", 0, ()),)
    page = render(ReportData("p", sample.AS_OF, "0", (DefinitionReport("d", "account", leads=leads),)))
    assert "Natural next step" not in page
    assert "Natural next step" in render(sample.full())
