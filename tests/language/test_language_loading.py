"""Files and folders: what they mean, and that every fault is shown, at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from fireflower.language.loading import (
    definition_from_mapping,
    load_definition,
    load_definitions,
    load_project,
    load_settings,
)
from fireflower.language.nodes import (
    Actors,
    All,
    AnyOf,
    Compare,
    Condition,
    Count,
    Definition,
    Difference,
    Distinct,
    Elapsed,
    EventName,
    EventPoints,
    Events,
    Every,
    Extreme,
    FieldTest,
    HoldingPoints,
    Last,
    Latest,
    Members,
    Not,
    Property,
    Quantity,
    Ratio,
    Recency,
    Score,
    Sequence,
    Sessions,
    Settings,
    Streak,
    Sum,
    TimeSpent,
    Trait,
    Within,
)
from fireflower.model.errors import DefinitionError, ProjectError
from fireflower.model.moments import DAY, HOUR, MINUTE

A = Events(("A",))
HEAD = "definition: d\nsubject: account\n"


def load(text: str, settings: Settings | None = None) -> Definition:
    return load_definition(HEAD + text, settings)


def faults(text: str) -> list[str]:
    """line:column message, without the file."""
    with pytest.raises(DefinitionError) as caught:
        load_definition(text)
    return [f"{fault.line}:{fault.column} {fault.message}" for fault in caught.value.faults]


def quantity(text: str) -> Quantity:
    return dict(load(f"anchors: {{trial: Trial Started}}\nquantities:\n  q: {text}\nvalue: did(A)\n").quantities)["q"]


TRIAL = Events(("Trial Started",))
FORMS = {
    "count(A)": Count(A),
    "{count: A}": Count(A),
    "{count: [A, B], last: 7 days}": Count(Events(("A", "B")), Last(7 * DAY)),
    "{count: A or B, since: trial}": Count(Events(("A", "B")), Within(TRIAL, None)),
    "{count: A, within: 14 days of trial}": Count(A, Within(TRIAL, 14 * DAY)),
    "{count: A, where: properties.x > 0}": Count(Events(("A",), FieldTest(Property("x"), Compare(">", 0.0)))),
    "{count: {event: A, where: properties.x > 0}, where: {all: [role = b, {not: role = c}]}}": None,
    "{sum: properties.x, of: A, last: 1 hour}": Sum(Property("x"), A, Last(HOUR)),
    "{min: properties.x, of: A}": Extreme("min", Property("x"), A),
    "{latest: properties.x, of: A}": Latest(Property("x"), A),
    "{members: any}": Members(),
    "{members: admin}": Members(("admin",)),
    "{members: [admin, owner]}": Members(("admin", "owner")),
    "{actors: A}": Actors(A),
    "{recency: A}": Recency(A),
    "{elapsed: trial}": Elapsed(TRIAL),
    "{longest_streak: A}": Streak(A, longest=True),
    "{sequence: [A, B where properties.x = 1], within: 3 days}": Sequence(
        (A, Events(("B",), FieldTest(Property("x"), Compare("=", 1.0)))), 3 * DAY
    ),
    "{sessions: any, gap: 1 hour}": Sessions(Events(), HOUR),
    "{hours_spent: A}": TimeSpent(A, 30 * MINUTE),
    "{share: {latest: properties.x, of: A}, limit: account.plan_gb}": Ratio(
        Latest(Property("x"), A), Trait("account", "plan_gb")
    ),
    "{ratio: count(A), to: members}": Ratio(Count(A), Members()),
    "{difference: account.limit, minus: {count: A}}": Difference(Trait("account", "limit"), Count(A)),
    "{distinct: properties.x, of: A}": Distinct(Property("x"), A),
    "{distinct: event, of: [A, B], last: 7 days}": Distinct(EventName(), Events(("A", "B")), Last(7 * DAY)),
    "{trait: account.plan}": Trait("account", "plan"),
    "{points: {did(A): 5}}": Score((HoldingPoints(Condition(Count(A), Compare(">=", 1.0)), 5.0),)),
}


@pytest.mark.parametrize("text", FORMS)
def test_mapping_form(text: str) -> None:
    found = quantity(text)
    if FORMS[text] is not None:
        assert found == FORMS[text]
    else:
        assert isinstance(found, Count) and isinstance(found.events.where, Every)


def test_names_stand_for_quantities_in_any_order() -> None:
    found = load("value: runs >= 3\nquantities: {share: runs / members, runs: count(A)}\n")
    assert found.qualified == Condition(Count(A), Compare(">=", 3.0))
    assert dict(found.quantities)["share"] == Ratio(Count(A), Members())


def test_without_qualified_all_circles_must_hold() -> None:
    found = load("intent: did(C)\nvalue: did(A)\n")
    assert found.qualified == All((found.circles[0][1], found.circles[1][1]))
    assert [circle for circle, _ in found.circles] == ["value", "intent"]


def test_qualified_reads_circles_and_score() -> None:
    found = load(
        "value: did(A)\nfit: account.x = 1\nqualified: value and (not fit or score >= 5)\nscore: {each: {A: 2}}\n"
    )
    value, fit = (formula for _, formula in found.circles)
    score = Score((EventPoints(A, 2.0),))
    assert found.qualified == All((value, AnyOf((Not(fit), Condition(score, Compare(">=", 5.0))))))
    assert found.score == score


def test_score() -> None:
    found = load(
        """
value: did(A)
score:
  points: {count(A) >= 3: 10, did(B): -2.5}
  each:
    A: 2
    B where properties.x = 1: {points: 3, cap: 9}
  half_life: 30 days
  cap: 100
"""
    ).score
    assert found is not None
    assert [item.points for item in found.items] == [10.0, -2.5, 2.0, 3.0]
    assert (found.half_life, found.cap) == (30 * DAY, 100.0)


def test_other_keys() -> None:
    found = load(
        "kind: limit reached\ndescription: >-\n  Long\n  text\nowner: ann\ngoal: {event: B, where: properties.x = 1}\n"
        "keep_after_goal: true\ncooldown: 14 days\nvalue: did(A)\n"
    )
    assert (found.kind, found.description, found.owner) == ("limit reached", "Long text", "ann")
    assert found.goal == Events(("B",), FieldTest(Property("x"), Compare("=", 1.0)))
    assert (found.keep_after_goal, found.cooldown) == (True, 14 * DAY)


def test_the_project_gives_goal_and_anchors() -> None:
    settings = load_settings("start: Signed Up\nactivation: Report Run\ngoal: Paid\n")
    found = load("value:\n  all:\n    - did(A, within 7 days of start)\n    - elapsed(activation) >= 1 day\n", settings)
    assert found.goal == Events(("Paid",))
    assert isinstance(found.qualified, All)
    assert found.qualified.parts[0].quantity.window == Within(Events(("Signed Up",)), 7 * DAY)
    assert load("goal: none\nvalue: did(A)\n", settings).goal is None
    assert any("does not say what 'start' is" in fault for fault in faults(HEAD + "value: elapsed(start) >= 1 day\n"))


def test_from_plain_values() -> None:
    mapping = {
        "definition": "d",
        "subject": "person",
        "value": {"all": ["count(A) >= 2", "person.age > 3"]},
        "cooldown": "1 day",
    }
    assert definition_from_mapping(mapping) == load_definition(
        "definition: d\nsubject: person\nvalue: {all: [count(A) >= 2, person.age > 3]}\ncooldown: 1 day\n"
    )
    with pytest.raises(DefinitionError, match=r"'vlaue' is no key of a definition. Did you mean 'value'"):
        definition_from_mapping({"definition": "d", "subject": "person", "vlaue": "did(A)"})
    with pytest.raises(DefinitionError, match="points must be a number between"):
        definition_from_mapping({**mapping, "score": {"points": {"did(A)": float("nan")}}})


TEN_FAULTS = """\
definition: ten-faults
subject: acount
kind: usge
gaol: Subscription Started
quantities:
  runs: {count: Report Run, last: 7 dasy}
  lots: runs / lots
value:
  all:
    - runs >= .nan
    - rnus >= 3
    - count(Login, last 7 days) >=
    - distinct(properties.x of Login, within 3 days of trail) >= 2
intent: {any: [did(A), {knot: did(B)}]}
score: {points: {did(A): many}}
"""


def test_ten_faults_are_shown_together_with_places() -> None:
    shown = faults(TEN_FAULTS)
    expected = [
        "2:10 expected a subject: person or account, got 'acount'. Did you mean 'account'?",
        "3:7 expected a kind: usage, limit reached, hand raise or self-serve purchase, got 'usge'. Did",
        "4:1 'gaol' is no key of a definition. Did you mean 'goal'?",
        "6:35 expected a span such as '7 days', '12 hours' or '30 minutes', got '7 dasy'. Did you mean 'days'?",
        "7:16 circular reference: lots -> lots. Nothing can be made of itself.",
        "10:12 NaN and infinity are no bounds; expected a finite number.",
        "11:7 there is no quantity 'rnus'. Did you mean 'runs'",
        "12:35 expected a value after 'count(Login, last 7 days) >=', got the end.",
        "13:56 there is no anchor 'trail'.",
        "14:25 'knot' is no key of a formula. Did you mean 'not'?",
        "15:26 expected points as a number, got 'many'.",
    ]
    assert len(shown) == len(expected), shown
    for found, begins in zip(shown, expected, strict=True):
        assert found.startswith(begins)


SINGLE_FAULTS = {
    "value: fit and did(A)\nfit: value\n": "4:6 circular reference: value -> fit -> value",
    "value: qualified\nqualified: value\n": "4:12 circular reference: value -> qualified -> value"
    " | 3:8 circular reference: value -> qualified -> value",
    "quantities: {a: b / 2, b: a / 2}\nvalue: did(A)\n": "3:27 circular reference: a -> b -> a",
    "score: {points: {score >= 1: 2}}\nvalue: did(A)\n": "3:18 circular reference: score -> score",
    "value: did(A)\nvalue: did(B)\n": "4:1 the key 'value' is here twice; it first stands in line 3",
    "value: {all: [!did(A), did(B)]}\n": "3:15 '!' means nothing here: write 'not', or quote a text that begins with",
    "value: ! did(B)\n": "3:8 '!' means nothing here: write 'not'",
    "value: {all: [count(A, last 7 days) >= 2, did(B)]}\n": "3:15 'count(A' is cut off at the comma. Inside",
    "quantities: {a: count(A), b: members}\nvalue: a > b\n": "4:10 the bound is fixed: 'b' is a"
    " quantity; to compare two, write a - b > 0",
    "quantities: {a: count(A, last 7 days)}\nvalue: a > 2\n": "3:17 'count(A' is cut off at the comma. Inside [..]",
    "score: {points: {count(A, last 7 days) >= 2: 3}}\nvalue: did(A)\n": "3:18 'count(A' is cut off at the comma",
    "value: &x {all: [*x]}\n": "3:8 this list or mapping contains itself",
    "value: [did(A)]\n": "3:8 expected `all:` or `any:` above this list",
    "value: {all: []}\n": "3:14 expected a list of formulas under `all:`, got an empty list",
    "value: {}\n": "3:8 expected `all`, `any` or `not`, got an empty mapping",
    "ability: did(A)\n": "3:1 skills cannot be evaluated by this version of fireflower yet. Leave the skill and",
    "quantities: {members: count(A)}\nvalue: did(A)\n": "3:14 'members' is a word of the language; choose another name",
    "quantities: {a b: count(A)}\nvalue: did(A)\n": "3:14 'a b' is no name",
    "quantities: {a: {cuont: A}}\nvalue: did(A)\n": "Did you mean 'count'?",
    "quantities: {a: {count: A, last: 7 days, any: 3 days}}\nvalue: did(A)\n": "3:42 a quantity has one window",
    "quantities: {a: {sum: properties.x}}\nvalue: did(A)\n": "3:17 `sum` needs the key `of`, as in {sum:",
    "quantities: {a: {recency: A, last: 7 days}}\nvalue: did(A)\n": "3:30 'last' is no key of `recency`",
    "quantities: {a: [A]}\nvalue: did(A)\n": "3:17 expected a quantity such as count(Report Run), got a list",
    "score: {points: {did(A): 0.0000001}}\nvalue: did(A)\n": "3:26 points have at most six decimals",
    "score: {points: {did(A): 2e9}}\nvalue: did(A)\n": "3:26 points must be a number between",
    f"score: {{points: {{did(A): 5}}, cap: {'1' * 401}}}\nvalue: did(A)\n": "3:8 the cap of a score must be above 0",
    f"score: {{points: {{did(A): {'1' * 5001}}}}}\nvalue: did(A)\n": "3:26 points must be a number between",
    "score: {points: {did(A): 5}}\nvalue: score >= 6\n": "4:14 this can never hold: the value is 0 to 5",
    "score: {points: {did(A): 5}}\nvalue: score >= 0\n": "4:14 this always holds: the value is 0 to 5",
    "score: {points: {did(A): 0.1, did(B): 0.2, did(C): -1}}\nvalue: score > 0.3\n": "the value is -1 to 0.3",
    "score: {each: {A: 5}, cap: 100}\nvalue: score >= 500\n": "4:14 this can never hold: the value is 0 to 100",
    "score: {each: {A: {points: 5, cap: 20}, B: -1}}\nvalue: score > 20\n": "the value is 20 or less",
    "score: {points: {did(A): many}}\nvalue: score >= 6\n": "3:26 expected points as a number, got 'many'",
    "score: {half_life: 3 days}\nvalue: did(A)\n": "3:8 a score needs `points` or `each`",
    "score: {each: {A: 2}}\n": "1:1 expected `qualified`, or one of the circles value, fit, intent. A score alone",
    "cooldown: soon\nvalue: did(A)\n": "3:11 expected a span such as '7 days'",
    "keep_after_goal: maybe\nvalue: did(A)\n": "3:18 expected true or false for `keep_after_goal`, got 'maybe'",
    "anchors: {trial: }\nvalue: did(A)\n": "3:17 expected the name of an event",
    "goal: {where: properties.x = 1}\nvalue: did(A)\n": "3:7 expected the key 'event'",
    "value: >\n  did(A)\n  and did(B,\n   lst 7 days)\n": "6:4 expected a window",
    'value: "did(A) and foo >= 3"\n': "3:20 there is no quantity 'foo'",
    "value:\n  all:\n  - count(A) >= 5\n    - did(B)\n": "6:5 expected nothing more after '5'. (This line is",
    "value:\n  all:\n  - account.x = pro\n    - fit\n": "6:5 expected nothing more after 'pro'. (This line is",
    "value:\n  all:\n  - did(A)\n    - did(B)\n": "6:5 expected nothing more after '(A)', got '-'. (This line is",
    "value: did(A)\ntests: never\n": "4:8 expected a list of tests",
}


@pytest.mark.parametrize("text", SINGLE_FAULTS)
def test_one_fault(text: str) -> None:
    shown = faults(HEAD + text)
    assert len(shown) == 1, shown
    assert any(expected in shown[0] for expected in SINGLE_FAULTS[text].split(" | ")), shown


def test_a_key_that_is_not_indented() -> None:
    shown = faults(HEAD + "value:\nall:\n  - did(A)\n")
    assert "'all' is no key of a definition. Indent it, so that it stands under `value`." in shown[0]


SYNTAX = {
    "value: {all: [account.x in [a, b]]}\n": "Inside [..] and {..} YAML splits at commas",
    "value: >= 3\n": "Quote a text that begins with a special sign",
    "value: a: b\n": "not readable as YAML",
    "---\nvalue: did(A)\n": "a second document begins here. Put each definition into a file of its own",
    "value:\n\tall: [did(A)]\n": "4:1 a tab stands here, and YAML is indented with spaces: use spaces.",
    "value: \x07\n": "not readable as YAML",
}


@pytest.mark.parametrize("text", SYNTAX)
def test_syntax_error(text: str) -> None:
    assert SYNTAX[text] in "\n".join(faults(HEAD + text))


@pytest.mark.parametrize("text", ["", "\n", "# only a remark\n"])
def test_empty_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"empty.yaml:1:1: error: the file is empty; expected a definition"):
        load_definition(path)


def test_a_file_that_is_no_mapping() -> None:
    assert "expected a definition as keys and values" in faults("- a\n- b\n")[0]


def test_no_such_file(tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_text("x", encoding="utf-8")
    with pytest.raises(ProjectError, match=r"there is no file .*taem.yaml. Did you mean 'team.yaml'"):
        load_definition(tmp_path / "taem.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"owner: J\xf6rg\n")
    with pytest.raises(DefinitionError, match=r"latin.yaml:1:1: error: not UTF-8 text \(at byte 8\)"):
        load_definition(tmp_path / "latin.yaml")


@pytest.mark.parametrize("text", ["value: " + "(" * 9000 + "did(A)" + ")" * 9000, "value: " + "[" * 9000])
def test_nested_too_deeply(text: str) -> None:
    assert "nested too deeply" in faults(HEAD + text)[0]


def project(folder: Path, settings: str, **definitions: str) -> Path:
    (folder / "definitions").mkdir()
    (folder / "fireflower.yaml").write_text(settings, encoding="utf-8")
    for name, text in definitions.items():
        (folder / "definitions" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_aliases_that_repeat_more_than_anybody_writes() -> None:
    anchors = "".join(f"  - &a{i} [{', '.join([f'*a{i - 1}'] * 8)}]\n" for i in range(1, 14))
    [fault] = faults(f"definition: x\nsubject: person\nvalue: did(A)\nfit:\n  - &a0 [did(A)]\n{anchors}")
    assert "aliases (*name) repeat more than 10,000 values" in fault


def test_names_in_a_long_formula_keep_their_places() -> None:
    formula = " or\n  ".join(f"count(E{i}) >= 1" for i in range(1000))
    events = [mention for mention in load(f"value:\n  {formula}\n").mentions if mention.what == "event"]
    first = events[0].line
    assert [(each.name, each.line, each.column) for each in events] == [(f"E{i}", first + i, 9) for i in range(1000)]


def test_project(tmp_path: Path) -> None:
    one, two = (f"definition: {name}\nsubject: person\nvalue: did(A)\n" for name in ("one", "two"))
    settings, definitions = load_project(project(tmp_path, "goal: Paid\n", b=two, a=one))
    assert settings.goal == Events(("Paid",))
    assert [definition.name for definition in definitions] == ["one", "two"]
    assert definitions[0].file == str(tmp_path / "definitions" / "a.yaml")
    assert load_definitions(tmp_path / "definitions", settings) == definitions


def test_every_fault_of_every_file_of_a_project(tmp_path: Path) -> None:
    same = "definition: same\nsubject: person\nvalue: did(A)\n"
    folder = project(
        tmp_path, "gaol: Paid\n", a=same, b=same, c="definition: c\nsubject: person\nvalue: members >= 2\n"
    )
    with pytest.raises(DefinitionError) as caught:
        load_project(folder)
    shown = [str(fault).removeprefix(f"{tmp_path}/") for fault in caught.value.faults]
    assert len(shown) == 3
    assert shown[0].startswith("definitions/b.yaml:1:13: error: a definition named 'same' is in ")
    assert shown[1].startswith("definitions/c.yaml:3:8: error: members counts the people of an account")
    assert shown[2].startswith("fireflower.yaml:1:1: error: 'gaol' is no key of the settings. Did you mean 'goal'?")


def test_what_is_no_file_is_a_fault_beside_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "definitions"
    folder.mkdir()
    (tmp_path / "fireflower.yaml").write_text("project: Shop\n")
    (folder / "a.yaml").write_text("definition: a\nsubject: acount\nvalue: did(A)\n")
    (folder / "b.yaml").mkdir()
    (folder / "c.yaml").symlink_to("gone.yaml")
    (folder / "d.yaml").symlink_to("d.yaml")
    with pytest.raises(DefinitionError) as caught:
        load_project(tmp_path)
    found = {Path(fault.file).name: fault.message for fault in caught.value.faults}
    assert list(found) == ["a.yaml", "b.yaml", "c.yaml", "d.yaml"]
    assert found["b.yaml"].startswith("this is a folder; expected a file")
    assert found["c.yaml"] == "this link leads to gone.yaml, which is not there."


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"is no fireflower project: it has no fireflower.yaml. Make one with"):
        load_project(tmp_path)
    with pytest.raises(ProjectError, match="there is no folder"):
        load_definitions(tmp_path / "definitions")


def test_mentions_stand_in_the_order_of_the_text() -> None:
    found = load("value: runs >= 2 and account.plan = pro\nquantities: {runs: count(A where properties.x > 1)}\n")
    assert [(mention.what, mention.name, mention.line, mention.column) for mention in found.mentions] == [
        ("key", "definition", 1, 13),
        ("trait", "account.plan", 3, 22),
        ("event", "A", 4, 26),
        ("property", "x", 4, 34),
    ]
