"""Every template runs as it is: it passes its check, qualifies somebody, and just fails somebody else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from templates_page import ARTICLES, PAGE, articles, page, project

from fireflower.app.check import outcome
from fireflower.app.init import Template, init, templates
from fireflower.app.project import Project
from fireflower.evaluate.explain import Explanation, explain
from fireflower.history.assembly import assemble
from fireflower.language.describing import describe, describe_formula
from fireflower.language.examples import as_of, to_records
from fireflower.language.nodes import (
    KINDS,
    Actors,
    Compare,
    Count,
    Definition,
    Distinct,
    DistinctDays,
    EventPoints,
    Events,
    Example,
    Not,
    Settings,
    Trait,
)
from fireflower.language.phrases import events
from fireflower.language.walking import conditions_of, walk

TEMPLATES = templates()
DEFINITIONS = [
    pytest.param(project(template).settings, definition, id=f"{template.name}/{definition.name}")
    for template in TEMPLATES
    for definition in project(template).definitions
]
each_template = pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
each_definition = pytest.mark.parametrize(("settings", "definition"), DEFINITIONS)

PRODUCTS = {
    *("slack", "hubspot", "figma", "hopin", "dock", "userflow", "drift", "facebook", "intercom", "mailchimp"),
    *("webflow", "waveapps", "chili-piper", "dropbag", "first-sale", "analytics", "segment", "mural", "calendly"),
    *("triggers", "heavy-use", "polly", "magical"),
}
WHOLE_COUNTS = Count | Distinct | DistinctDays | Actors
MARKS = ("# the article's", "# example value", "# all ", "# both ")


def explained(definition: Definition, settings: Settings, example: Example) -> Explanation:
    timeline = assemble(to_records(example), attribution=settings.attribution)
    return explain(definition, settings, [timeline], definition.subject, example.subject, as_of=as_of(example))


def just_fails(explanation: Explanation) -> bool:
    """Whether one condition alone is missing; and where it counts something, by one."""
    if len(explanation.missing) != 1:
        return False
    missing = explanation.missing[0]
    test = missing.condition.test
    if not isinstance(missing.condition.quantity, WHOLE_COUNTS) or not isinstance(test, Compare) or test.op != ">=":
        return True
    return float(test.bound) - float(missing.value or 0) == 1


def criteria(definition: Definition) -> list[str]:
    """The lines of its file that say who qualifies, from the first after the description up to the tests."""
    text = Path(definition.file).read_text(encoding="utf-8")
    without_description = re.sub(r"^description: .*\n(?:  .*\n)*", "", text, flags=re.MULTILINE)
    return [line for line in without_description.split("\ntests:")[0].splitlines() if not line.lstrip().startswith("#")]


# --- What there is ----------------------------------------------------------------------------------------------------


def test_every_product_has_a_template() -> None:
    assert {template.name for template in TEMPLATES} == PRODUCTS


def test_every_kind_of_lead_occurs() -> None:
    kinds = {definition.kind for template in TEMPLATES for definition in project(template).definitions}
    assert kinds == set(KINDS)


@each_template
def test_says_what_it_is_and_whom_it_leaves_out(template: Template) -> None:
    settings = project(template).settings
    assert template.title
    assert articles(template) and set(articles(template)) <= set(ARTICLES)
    assert settings.start and settings.activation and settings.goal
    assert dict(settings.leave_out)["person"]


@each_definition
def test_stands_in_the_file_of_its_name_and_is_told_in_words(settings: Settings, definition: Definition) -> None:
    assert Path(definition.file).stem == definition.name
    assert definition.description


@each_definition
def test_every_number_says_whose_it_is(settings: Settings, definition: Definition) -> None:
    numbered = [line for line in criteria(definition) if re.search(r"\d", line.split("#")[0])]
    assert not [line for line in numbered if not any(mark in line for mark in MARKS)]


# --- It runs ----------------------------------------------------------------------------------------------------------


@each_template
def test_the_project_that_it_makes_passes_its_check(template: Template, tmp_path: Path) -> None:
    init(tmp_path / "mine", template.name)
    checked = Project(tmp_path / "mine").check()
    assert checked.faults == ()
    assert checked.definitions and checked.tests >= 2 * len(checked.definitions)


@each_definition
def test_an_example_qualifies_and_another_just_fails(settings: Settings, definition: Definition) -> None:
    got = {example.name: outcome(definition, settings, example) for example in definition.examples}
    assert got == {example.name: example.expect for example in definition.examples}
    assert any(example.expect for example in definition.examples)
    failing = [example for example in definition.examples if not example.expect]
    assert any(just_fails(explained(definition, settings, example)) for example in failing)


@each_definition
def test_its_examples_know_every_name_that_it_asks_for(settings: Settings, definition: Definition) -> None:
    nodes = list(walk(definition.qualified))
    lines = [line for example in definition.examples for line in example.history]
    happened = {line["event"] for line in lines if "event" in line}
    learned = {name for line in lines for name in line.get("traits", {})}
    assert {name for node in nodes if isinstance(node, Events) for name in node.names} <= happened
    assert {node.name for node in nodes if isinstance(node, Trait)} <= learned


def test_the_happy_free_user_of_calendly_never_qualifies() -> None:
    (calendly,) = (template for template in TEMPLATES if template.name == "calendly")
    (definition,) = project(calendly).definitions
    (happy,) = (example for example in definition.examples if "happy free user" in example.name)
    explanation = explained(definition, project(calendly).settings, happy)
    circles = {circle.name: circle.holds for circle in explanation.circles}
    assert circles == {"value": True, "intent": False}
    assert explanation.history == ()


# --- In plain English -------------------------------------------------------------------------------------------------


@each_definition
def test_its_description_mentions_every_condition(settings: Settings, definition: Definition) -> None:
    text = describe(definition, settings)
    assert conditions_of(definition)
    for condition in conditions_of(definition):
        assert describe_formula(condition) in text or describe_formula(Not(condition)) in text
    items = definition.score.items if definition.score else ()
    assert not [item for item in items if isinstance(item, EventPoints) and events(item.events) not in text]


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python tests/templates/templates_page.py"
