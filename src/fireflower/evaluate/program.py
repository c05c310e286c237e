"""Compiles definitions to the kernel's program, one for each kind of subject (`kernel.layout` says what lies where)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate import specs
from fireflower.evaluate.answers import INFINITY, cells, intervals, text_holds
from fireflower.evaluate.formulas import conditions_of, different, formulas_of, goal_of, in_words_of, needed_by, rest_of
from fireflower.evaluate.image import Image, Table, float_word
from fireflower.evaluate.kernel import layout as k
from fireflower.evaluate.kernel import shortcuts
from fireflower.evaluate.settling import settle_template
from fireflower.evaluate.specs import Feed, Spec
from fireflower.language.fingerprints import canonical
from fireflower.language.nodes import (
    Actors,
    All,
    AnyOf,
    Condition,
    Definition,
    EventPoints,
    Every,
    FieldTest,
    Formula,
    HoldingPoints,
    Known,
    LocalTime,
    Members,
    No,
    Not,
    Property,
    Quantity,
    Role,
    Score,
    Settings,
    Some,
    Test,
    Trait,
    Where,
)
from fireflower.model.errors import NotSupportedError
from fireflower.model.records import Kind, SubjectKind
from fireflower.model.timeline import Name, Vocabulary


@dataclass(frozen=True, eq=False)
class Columns:
    """Where the kernel finds properties: the row of each in `numbers` and in `codes`. Row 0 is missing throughout."""

    numbers: Mapping[str, int]
    codes: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Program:
    """Definitions, compiled: the beginning of the kernel's memory.

    Attributes
    ----------
    image : the head of the memory and the programs of both kinds of subject
    conditions : of each definition those that make its evidence, in its order and in the definition's own words
    tables : what in the image depends on the values of the vocabulary
    zones : the number of each time zone; `tables` may add to them
    """

    image: NDArray[np.int64]
    conditions: tuple[tuple[Condition, ...], ...]
    tables: tuple[Table, ...]
    zones: Mapping[str, int]

    @property
    def most_definitions(self) -> int:
        """How many transitions one subject can make at one instant."""
        return max(int(self.image[self.image[head] + k.DEFINITION_COUNT]) for head in (k.ACCOUNTS, k.PEOPLE))

    @property
    def most_evidence(self) -> int:
        """How many evidence rows one subject can show at one instant."""
        return max(int(self.image[self.image[head] + k.MOST_EVIDENCE]) for head in (k.ACCOUNTS, k.PEOPLE))

    @property
    def shown(self) -> NDArray[np.uint32]:
        """How many conditions make the evidence of each definition."""
        return np.array(list(map(len, self.conditions)), np.uint32)

    def reworded(self, definitions: Sequence[Definition]) -> Program:
        """The same program in the words of these definitions, which mean the same as those that were compiled."""
        formulas = [definition.qualified for definition in definitions]
        return replace(self, conditions=tuple(map(in_words_of, formulas, self.conditions)))


def compile_program(
    definitions: Sequence[Definition], settings: Settings, vocabulary: Vocabulary, columns: Columns
) -> Program:
    """The program of the definitions. It is good for any rows coded with the same vocabulary.

    Raises
    ------
    NotSupportedError
        If a definition says something that this engine cannot evaluate, or there are too many.
    """
    if len(definitions) > k.MOST_DEFINITIONS:
        raise NotSupportedError(
            f"these are {len(definitions):,} definitions, and at most {k.MOST_DEFINITIONS:,} can be evaluated at once: "
            "evaluate them in parts"
        )
    image = Image(settings)
    shown: dict[int, tuple[Condition, ...]] = {}
    kinds: tuple[tuple[int, SubjectKind], ...] = ((k.ACCOUNTS, "account"), (k.PEOPLE, "person"))
    for head, subject in kinds:
        compiler = _Compiler(subject, settings, vocabulary, columns, image)
        image.words[head] = compiler.compile(definitions)
        shown |= compiler.shown
    image.finish()
    image.words[k.ROW_NEEDS] = sum(image.words[image.words[head] + k.ROW_WORDS] for head, _ in kinds)
    image.words[k.FEED_NEEDS] = sum(image.words[image.words[head] + k.MOST_FEEDS] for head, _ in kinds)
    for head, _ in kinds:
        settle_template(image, image.words[head])
    conditions = tuple(shown[number] for number in range(len(definitions)))
    return Program(np.array(image.words, np.int64), conditions, tuple(image.tables), image.zones)


@dataclass(eq=False)
class _Item:
    """A score item: HOLDING with a formula, or EARNING with a quantity."""

    formula: Formula | None
    spec: Spec | None
    points: int


@dataclass(eq=False)
class _Slot:
    """A quantity with the place of its record and of its state."""

    spec: Spec
    at: int = 0
    state: int = 0
    tests: list[int] = field(default_factory=list)
    readers: dict[int, _Slot] = field(default_factory=dict)
    gated: list[_Slot] = field(default_factory=list)
    items: list[_Item] = field(default_factory=list)


class _Compiler:
    """Collects what the definitions need, each thing once; then gives everything its place; then writes the records."""

    def __init__(
        self,
        subject: SubjectKind,
        settings: Settings,
        vocabulary: Vocabulary,
        columns: Columns,
        image: Image,
    ) -> None:
        self.subject = subject
        self.settings = settings
        self.vocabulary = vocabulary
        self.columns = columns
        self.image = image
        self.code = image.words
        self.canonical: dict[int, tuple[str, Any]] = {}
        self.slots: dict[Hashable, _Slot] = {}
        self.slot_of: dict[int, _Slot] = {}
        self.conditions: dict[Hashable, Condition] = {}
        self.shown: dict[int, tuple[Condition, ...]] = {}
        self.tests: dict[Hashable, int] = {}
        self.names: dict[Name, int] = {name: code for code, name in enumerate(vocabulary.names)}
        self.event_codes = [code for code, (kind, _) in enumerate(vocabulary.names) if kind == Kind.EVENT]

    def compile(self, definitions: Sequence[Definition]) -> int:
        """Write the program and give its position."""
        mine = {
            number: definition for number, definition in enumerate(definitions) if definition.subject == self.subject
        }
        out = AnyOf(tuple(formula for kind, formula in self.settings.leave_out if kind == self.subject))
        for formula in [*(formula for d in mine.values() for formula in formulas_of(d)), out]:
            self._collect(formula)
        self._add_zone()
        head = self.image.reserve(k.PROGRAM_HEAD)
        self._place(len(mine))
        self._write(head, mine, out)
        return head

    # --- Collecting -------------------------------------------------------------------------------------------------

    def _collect(self, formula: Formula) -> None:
        for condition in conditions_of(formula):
            key = self._meaning(condition)
            if key not in self.conditions:
                slot = self._slot(condition.quantity)
                slot.tests.append(len(self.conditions))
                self.conditions[key] = condition
                self._read(slot, slot)

    def _slot(self, node: Quantity) -> _Slot:
        key = self._meaning(node)
        if key not in self.slots:
            self._refuse_foreign(node)
            made = specs.spec(node, lambda part: self._slot(part).spec)
            self._add(key, made)
        return self.slots[key]

    def _meaning(self, node: Any) -> str:
        """The node's canonical form, found once for each node; the node is kept so that its id stays its own."""
        if id(node) not in self.canonical:
            self.canonical[id(node)] = (canonical(node), node)
        return self.canonical[id(node)][0]

    def _refuse_foreign(self, node: Quantity) -> None:
        if self.subject == "person" and isinstance(node, Members | Actors):
            raise NotSupportedError("members and actors are quantities of accounts: a person has none")
        if self.subject == "account" and isinstance(node, Trait) and node.owner == "person":
            raise NotSupportedError(
                f"person.{node.name}: an account's history does not include its members' traits; "
                "use roles, or a definition about people"
            )

    def _add(self, key: Hashable, made: Spec) -> _Slot:
        slot = self.slots[key] = self.slot_of[id(made)] = _Slot(made)
        if made.anchor is not None:
            self.slot_of[id(made.anchor)].gated.append(slot)
        if made.score is not None:
            slot.items = [self._item(item, made.score) for item in made.score.items]
        return slot

    def _item(self, item: HoldingPoints | EventPoints, score: Score) -> _Item:
        if isinstance(item, HoldingPoints):
            self._collect(item.condition)
            return _Item(item.condition, None, specs.millionths(item.points))
        key = ("points", self._meaning(item), score.half_life)
        slot = self.slots[key] if key in self.slots else self._add(key, specs.points(item, score))
        return _Item(None, slot.spec, specs.millionths(item.points))

    def _read(self, slot: _Slot, tested: _Slot) -> None:
        """Whatever changes the one quantity concerns the conditions on the other."""
        slot.readers[id(tested)] = tested
        below = [*slot.spec.parts, slot.spec.anchor, *(item.spec for item in slot.items)]
        for part in below:
            if part is not None:
                self._read(self.slot_of[id(part)], tested)

    def _add_zone(self) -> None:
        name = dict(self.settings.timezone_traits).get(self.subject)
        if name is None:
            return
        kind = Kind.PERSON_TRAIT if self.subject == "person" else Kind.ACCOUNT_TRAIT
        slot = self._add(("zone",), specs.zone((kind, name)))
        for tested in self._tested():
            if k.STREAK in {tested.spec.op, *(part.op for part in tested.spec.parts)}:
                slot.readers[id(tested)] = tested

    # --- Placing ----------------------------------------------------------------------------------------------------

    def _place(self, definitions: int) -> None:
        count = len(self.conditions)
        self.order = {key: number for number, key in enumerate(self.conditions)}
        word = k.STATE_HEAD + len(self._tested())
        self.condition_state = word
        word += k.CONDITION_STATE_WORDS * count
        self.definition_state = word
        word += k.DEFINITION_STATE_WORDS * definitions
        self.missed = word
        word += definitions
        self.flips = word
        timed = [slot for slot in self._tested() if slot.spec.timed]
        self.flip_of = {id(slot): word + place for place, slot in enumerate(timed)}
        word += len(timed)
        for slot in self.slots.values():
            slot.state = word
            word += k.BODY + len(slot.spec.body)
        self.item_state = word
        word += 2 * sum(len(slot.items) for slot in self.slots.values())
        self.row_words = word
        self.condition_at = self.image.reserve(k.CONDITION_WORDS * count)
        self.definition_at = self.image.reserve(k.DEFINITION_WORDS * definitions)
        for slot in self.slots.values():
            slot.at = self.image.reserve(k.QUANTITY_WORDS)
        self.template = self.image.list(self._template(definitions))[0]

    def _tested(self) -> list[_Slot]:
        """The quantities that conditions test."""
        return [slot for slot in self.slots.values() if slot.tests]

    def _condition_position(self, number: int) -> int:
        return self.condition_at + number * k.CONDITION_WORDS

    def _condition_words(self, number: int) -> int:
        return self.condition_state + number * k.CONDITION_STATE_WORDS

    # --- Writing ----------------------------------------------------------------------------------------------------

    def _write(self, head: int, definitions: Mapping[int, Definition], out: Formula) -> None:
        users: list[list[int]] = [[] for _ in self.conditions]
        items: list[list[int]] = [[] for _ in self.conditions]
        self._write_items(items)
        for slot in self.slots.values():
            self._write_quantity(slot)
        for place, (number, definition) in enumerate(definitions.items()):
            self._write_definition(place, number, definition, out, users)
        self._write_conditions(users, items)
        self._write_feeds(head)
        self._write_head(head, definitions, out, sum(map(len, items)))

    def _write_items(self, items: list[list[int]]) -> None:
        number = 0
        self.items: list[int] = []
        for slot in self.slots.values():
            if slot.spec.op != k.SCORE or slot.spec.score is None:
                continue
            records = []
            for item in slot.items:
                records.append(self._write_item(item, slot, self.item_state + 2 * number, items))
                number += 1
            self.items += [record for record in records if self.code[record + k.ITEM_KIND] == k.HOLDING]
            start, end = self.image.list(records)
            cap = slot.spec.score.cap
            slot.spec.fields |= {
                k.A: start,
                k.B: end,
                k.SPAN: slot.spec.score.half_life or 0,
                k.GATE_SPAN: k.NEVER if cap is None else specs.millionths(cap),
            }

    def _write_item(self, item: _Item, score: _Slot, state: int, items: list[list[int]]) -> int:
        record = self.image.reserve(k.ITEM_WORDS)
        readers = self.image.list(tested.at for tested in score.readers.values())
        if item.formula is None:
            assert item.spec is not None
            place = (self.slot_of[id(item.spec)].at, 0)
        else:
            place = self.image.list(self._postfix(item.formula))
            for number in self._numbers(item.formula):
                items[number].append(record)
        kind = k.HOLDING if item.formula is not None else k.EARNING
        self.code[record : record + k.ITEM_WORDS] = [kind, *place, item.points, state, *readers]
        return record

    def _write_quantity(self, slot: _Slot) -> None:
        made = slot.spec
        values = dict(made.fields)
        values |= {k.OP: made.op, k.STATE: slot.state, k.WORDS: k.BODY + len(made.body)}
        values[k.FRESH] = self.template + slot.state
        values[k.QUIETS] = int(self._may_be_quiet(slot))
        values[k.SCALE] = {k.SUM: made.fields.get(k.A, 1), k.SCORE: specs.MILLION}.get(made.op, 1)
        score = self._quiet_score(slot)
        values[k.QUIET_SCORE] = score.at if score is not None else 0
        values[k.READERS], values[k.READERS_END] = self.image.list(tested.at for tested in slot.readers.values())
        values[k.TESTS], values[k.TESTS_END] = self.image.list(map(self._condition_position, slot.tests))
        conditions = list(self.conditions.values())
        cuts, truths = cells([conditions[number].test for number in slot.tests])
        values[k.CUTS] = self.image.floats([*cuts, INFINITY])
        values[k.LAST_CELL] = len(cuts) - 1
        values[k.TRUTHS] = self.image.list(map(int, truths))[0]
        values[k.ALL_TESTS], values[k.ALL_TESTS_END] = self.image.list(range(len(slot.tests)))
        values[k.CROSSED] = self._write_crossed(len(cuts), truths)
        values[k.FLIP] = self.flip_of.get(id(slot), 0)
        values[k.REMARK] = _remark(made)
        values[k.LATE] = int(made.late)
        values[k.GATED], values[k.GATED_END] = self.image.list(gated.at for gated in slot.gated)
        if made.anchor is not None:
            values[k.GATE] = self.slot_of[id(made.anchor)].at
        if made.property is not None:
            values[k.NUMBER_COLUMN] = self.columns.numbers.get(made.property, 0)
            values[k.TEXT_COLUMN] = self.columns.codes.get(made.property, 0)
        if made.parts:
            values[k.A], values[k.B] = (self.slot_of[id(part)].at for part in made.parts)
        if made.op == k.MEMBERS:
            roles = self.vocabulary.roles
            holds = made.roles.__contains__
            values[k.A] = self.image.table(("role", ""), roles, lambda role: int(holds(role))) if made.roles else 0
        if made.number is not None:
            values[k.A] = self.image.floats([made.number])
        if made.op == k.TRAIT and made.trait is not None:
            known = self.vocabulary.traits.get(made.trait, ())
            values[k.A] = self.image.table(("trait", made.trait), known, lambda value: float_word(_as_number(value)))
        if made.op == k.ZONE and made.trait is not None:
            known = self.vocabulary.traits.get(made.trait, ())
            values[k.A] = self.image.table(("trait", made.trait), known, self.image.zone_number)
            values[k.B] = self.image.zone_number(self.settings.timezone)
        for position, value in values.items():
            self.code[slot.at + position] = value

    def _write_crossed(self, cells: int, truths: Sequence[bool]) -> int:
        """Which tests tell each cell from the next, see `layout.CROSSED`."""
        tests = len(truths) // cells
        ends = self.image.reserve(cells)
        for cell in range(cells):
            self.code[ends + cell] = len(self.code)
            here, after = truths[cell * tests : (cell + 1) * tests], truths[(cell + 1) * tests : (cell + 2) * tests]
            self.image.list(test for test, both in enumerate(zip(here, after, strict=False)) if both[0] != both[1])
        return ends

    def _quiet_score(self, slot: _Slot) -> _Slot | None:
        """The one score that an item's points are for, if these are all that can raise it and its readers read it
        alone."""
        if slot.spec.op != k.POINTS:
            return None
        scores = [other for other in self.slots.values() if any(item.spec is slot.spec for item in other.items)]
        if len(scores) != 1 or any(item.points < 0 for item in scores[0].items):
            return None
        earning = [id(item.spec) for other in self.slots.values() for item in other.items]
        if any(earning.count(id(item.spec)) > 1 for item in scores[0].items if item.spec is not None):
            return None  # something would be earned without being taken off what may be
        return scores[0] if _reads_alone(scores[0], slot) else None

    def _may_be_quiet(self, slot: _Slot) -> bool:
        """Whether all that read the quantity are conditions on it alone, and it is one that events can only raise or
        renew."""
        if slot.spec.op == k.SCORE:
            return any(item.spec and self._quiet_score(self.slot_of[id(item.spec)]) is slot for item in slot.items)
        raised = slot.spec.op in (k.COUNT, k.SUM, k.DISTINCT, k.RECENCY) and slot.spec.anchor is None
        return raised and _reads_alone(slot, slot)

    def _write_definition(
        self, place: int, number: int, definition: Definition, out: Formula, users: list[list[int]]
    ) -> None:
        record = self.definition_at + place * k.DEFINITION_WORDS
        goal = 0
        reads = {*self._numbers(definition.qualified), *self._numbers(out)}
        if definition.goal is not None:
            goal_number = self._numbers(goal_of(definition.goal))[0]
            goal = self._condition_position(goal_number)
            reads.add(goal_number)
        for condition in reads:
            users[condition] += [record, self.missed + place]
        rest = self.image.list(self._postfix(All(tuple(rest_of(definition.qualified)))))
        evidence = self._worded(definition.qualified)
        self.shown[number] = tuple(evidence.values())
        shown = self.image.list(map(self._condition_position, evidence))
        needed = self.image.list(map(self._condition_words, self._numbers(All(tuple(needed_by(definition.qualified))))))
        state = self.definition_state + place * k.DEFINITION_STATE_WORDS
        self.code[record : record + k.DEFINITION_WORDS] = [
            *rest, goal, int(definition.keep_after_goal), definition.cooldown, *shown, state, number, 0, *needed,
            self.missed + place,
        ]  # fmt: skip

    def _write_conditions(self, users: list[list[int]], items: list[list[int]]) -> None:
        for number, condition in enumerate(self.conditions.values()):
            slot = self.slots[self._meaning(condition.quantity)]
            record = self._condition_position(number)
            self.code[record : record + k.CONDITION_WORDS] = [
                slot.at,
                self._test(condition.test, self._dictionary(condition.quantity)),
                *self.image.list(users[number]),
                *self.image.list(items[number]),
                self._condition_words(number),
            ]

    def _write_feeds(self, head: int) -> None:
        by_name: list[list[tuple[bool, bool, int, list[int]]]] = [[] for _ in self.names]
        for slot in self.slots.values():
            for feed in slot.spec.feeds:
                # Anchors first. Then what every event has: the processor foresees the way through what comes in one
                # order. Of a sequence's steps the last first, so that one event is not two steps.
                apart = feed.events is None or bool(feed.events.names) or slot.spec.op == k.SEQUENCE
                for code in self._codes(feed):
                    record = self._feed(slot, feed.named(code))
                    by_name[code].append((slot.spec.op != k.FIRST, apart, -record[k.FEED_ARGUMENT], record))
        index = self.image.reserve(len(by_name) + 1)
        for code, feeds in enumerate(by_name):
            self.code[index + code] = len(self.code)
            for *_, record in sorted(feeds, key=lambda feed: feed[:3]):
                self.code.extend(record)
        self.code[index + len(by_name)] = len(self.code)
        self.code[head + k.FEEDS] = index
        self.code[head + k.MOST_FEEDS] = max(map(len, by_name), default=0)

    def _feed(self, slot: _Slot, feed: Feed) -> list[int]:
        where = feed.events.where if feed.events is not None else None
        start, end = self.image.list(self._where(where)) if where is not None else (0, 0)
        reads = int(slot.spec.property is not None)
        shortcut = shortcuts.EARNED if self._quiet_score(slot) else specs.shortcut(slot.spec)
        return [slot.at, start, end, feed.argument, reads, slot.state, shortcut]

    def _codes(self, feed: Feed) -> Iterable[int]:
        if feed.row is not None:
            return [self.names[feed.row]] if feed.row in self.names else []
        assert feed.events is not None
        if not feed.events.names:
            return self.event_codes
        wanted = dict.fromkeys((Kind.EVENT, name) for name in feed.events.names)
        return [self.names[name] for name in wanted if name in self.names]

    def _write_head(self, head: int, definitions: Mapping[int, Definition], out: Formula, item_users: int) -> None:
        records = range(
            self.definition_at, self.definition_at + len(definitions) * k.DEFINITION_WORDS, k.DEFINITION_WORDS
        )
        lists = {
            k.TIMED: [slot.at for slot in self._tested() if slot.spec.timed],
            k.OUT_START: self._postfix(out),
            k.ALL_ITEMS: self.items,
            k.REGIONS: [word for slot in self.slots.values() for word in _region(slot)],
            k.COOLING: [at for at, each in zip(records, definitions.values(), strict=True) if each.cooldown],
        }
        for position, words in lists.items():
            self.code[head + position], self.code[head + position + 1] = self.image.list(words)
        values = {
            k.ROW_WORDS: self.row_words,
            k.CONDITIONS: self.condition_at,
            k.CONDITION_COUNT: len(self.conditions),
            k.DEFINITIONS: self.definition_at,
            k.DEFINITION_COUNT: len(definitions),
            k.FLIPS: self.flips,
            k.TEMPLATE: self.template,
            k.MOST_EVIDENCE: sum(len(self._numbers(d.qualified)) for d in definitions.values()),
            k.USED: int(bool(definitions)),
            k.QUEUE: self.image.reserve(len(definitions)),
            k.ITEM_QUEUE: self.image.reserve(len(self.items) + item_users),
        }
        for position, value in values.items():
            self.code[head + position] = value

    def _template(self, definitions: int) -> list[int]:
        """The words of a subject's state before its first record."""
        words = [0] * self.row_words
        words[k.KNOWN] = -1
        words[k.PENDING] = words[k.WAKE] = words[k.COOL] = k.NEVER
        words[k.ZONE_NUMBER], words[k.ZONE_FROM] = self.image.zone_number(self.settings.timezone), 1
        for number in range(len(self.conditions)):
            state = self._condition_words(number)
            words[state + k.TIP] = words[state + k.DIFFERS] = words[state + k.FACT] = -1
        for flip in self.flip_of.values():
            words[flip] = k.NEVER
        for number in range(definitions):
            state = self.definition_state + number * k.DEFINITION_STATE_WORDS
            words[state + k.COOL_UNTIL] = words[state + k.VERDICT_SINCE] = -1
        for slot in self.slots.values():
            words[slot.state + k.PROVISIONAL] = words[slot.state + k.PREVIOUS] = words[slot.state + k.CELL] = -1
            words[slot.state + k.BODY : slot.state + k.BODY + len(slot.spec.body)] = slot.spec.body
        return words

    # --- Formulas, where, tests ---------------------------------------------------------------------------------------

    def _numbers(self, formula: Formula) -> list[int]:
        """The numbers of a formula's conditions, in the order of its text, each once."""
        return list(self._worded(formula))

    def _worded(self, formula: Formula) -> dict[int, Condition]:
        """A formula's conditions by their numbers, in the order of its text; of those that are one, the first."""
        return {self.order[key]: condition for key, condition in different(formula).items()}

    def _postfix(self, formula: Formula) -> list[int]:
        match formula:
            case Condition():
                return [self._condition_words(self._numbers(formula)[0])]
            case All(parts):
                return _join([self._postfix(part) for part in parts], k.AND, k.ALWAYS)
            case AnyOf(parts):
                return _join([self._postfix(part) for part in parts], k.OR, k.NEVER_HOLDS)
            case Not(part):
                return [*self._postfix(part), k.NOT]

    def _where(self, where: Where) -> list[int]:
        match where:
            case FieldTest():
                return [self._atom(where)]
            case Every(parts):
                return _join([self._where(part) for part in parts], k.AND, k.ALWAYS)
            case Some(parts):
                return _join([self._where(part) for part in parts], k.OR, k.NEVER_HOLDS)
            case No(part):
                return [*self._where(part), k.NOT]

    def _atom(self, atom: FieldTest) -> int:
        numbers = texts = 0
        match atom.field:
            case Property(path):
                kind, dictionary = k.PROPERTY, ("text", path)
                numbers, texts = self.columns.numbers.get(path, 0), self.columns.codes.get(path, 0)
            case LocalTime(part):
                kind, dictionary = (k.HOUR if part == "hour" else k.WEEKDAY), ("none", "")
            case Role():
                kind, dictionary = k.ROLE, ("role", "")
        test = self._test(atom.test, dictionary)
        return self.image.list([kind, numbers, texts, test])[0]

    def _dictionary(self, quantity: Quantity) -> tuple[str, Any]:
        made = self.slots[self._meaning(quantity)].spec
        if isinstance(quantity, Trait):
            return ("trait", made.trait)
        return ("text", made.property) if made.op == k.LATEST else ("none", "")

    def _values(self, dictionary: tuple[str, Any]) -> Sequence[Any]:
        match dictionary:
            case ("text", path):
                return self.vocabulary.texts.get(path, ())
            case ("trait", name):
                return self.vocabulary.traits.get(name, ())
            case ("role", _):
                return self.vocabulary.roles
        return ()

    def _test(self, test: Test, dictionary: tuple[str, Any]) -> int:
        key = (self._meaning(test), dictionary)
        if key not in self.tests:
            ranges, negated = intervals(test)
            low = self.image.floats([end for ends in ranges for end in ends])
            values = self._values(dictionary)
            mask = self.image.table(dictionary, values, lambda value: int(text_holds(test, value))) if values else 0
            missing = int(isinstance(test, Known) and not test.known)
            self.tests[key] = self.image.list([low, low + 2 * len(ranges), int(negated), mask, missing])[0]
        return self.tests[key]


def _region(slot: _Slot) -> list[int]:
    """Where in a state the quantity has its region of the heap, and the width of the ring there, or SET; [] if it has
    none."""
    width = specs.region(slot.spec)
    return [] if width is None else [slot.state + k.BODY, width]


def _reads_alone(tested: _Slot, slot: _Slot) -> bool:
    """Whether the second quantity is read by conditions on the first alone."""
    return all(reader is tested for reader in slot.readers.values())


def _remark(made: Spec) -> int:
    """When a quantity is to be planned anew though its cell stays: see `layout.REMARK`."""
    if made.steady or not made.timed:
        return k.NO_REMARK
    if made.op == k.SUM:
        return k.NEGATIVE_ONLY
    if made.score is not None:
        # What is earned later only keeps it above its floor for longer.
        return k.NO_REMARK if all(item.points >= 0 for item in made.score.items) else k.ANY_CHANGE
    # Of two windows, that of the new event may now end first.
    return k.ANY_CHANGE if sum(part.timed for part in made.parts) > 1 else k.UNPLANNED


def _join(parts: list[list[int]], operator: int, empty: int) -> list[int]:
    if not parts:
        return [empty]
    joined = list(parts[0])
    for part in parts[1:]:
        joined += [*part, operator]
    return joined


def _as_number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else k.NAN
