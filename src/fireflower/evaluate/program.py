"""Compiles definitions to the kernel's program, one for each kind of subject (`kernel.layout` says what lies where)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate import specs
from fireflower.evaluate.answers import intervals, text_holds
from fireflower.evaluate.kernel import layout as k
from fireflower.evaluate.meaning import meaning
from fireflower.evaluate.specs import Feed, Spec
from fireflower.evaluate.zones import changes
from fireflower.language.nodes import (
    Actors,
    All,
    AnyOf,
    Compare,
    Condition,
    Count,
    Definition,
    EventPoints,
    Events,
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
from fireflower.model.errors import NotSupportedError, ProjectError
from fireflower.model.records import Kind, SubjectKind
from fireflower.model.timeline import Name, Vocabulary


@dataclass(frozen=True, eq=False)
class Columns:
    """Where the kernel finds properties: the row of each in `numbers` and in `codes`. Row 0 is missing throughout."""

    numbers: Mapping[str, int]
    codes: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Program:
    """The definitions of one kind of subject, compiled.

    Attributes
    ----------
    code, bounds, masks : what the kernel reads
    definitions : positions, in the list that was compiled, of this subject kind's definitions, in the kernel's order
    conditions : the kernel's conditions, by number
    scratch : words of `work`
    """

    code: NDArray[np.int64]
    bounds: NDArray[np.float64]
    masks: NDArray[np.uint8]
    definitions: tuple[int, ...]
    conditions: tuple[Condition, ...]
    scratch: int

    @property
    def row_words(self) -> int:
        return int(self.code[k.ROW_WORDS])


def compile_program(
    subject: SubjectKind,
    definitions: Sequence[Definition],
    settings: Settings,
    vocabulary: Vocabulary,
    columns: Columns,
) -> Program:
    """The program of the definitions about `subject`. It is good for any rows coded with the same vocabulary.

    Raises
    ------
    NotSupportedError
        If a definition says something that this engine cannot evaluate.
    """
    return _Compiler(subject, settings, vocabulary, columns).compile(definitions)


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
    readers: dict[int, None] = field(default_factory=dict)
    gated: list[_Slot] = field(default_factory=list)
    items: list[_Item] = field(default_factory=list)


class _Compiler:
    """Collects what the definitions need, each thing once; then gives everything its place; then writes the records."""

    def __init__(self, subject: SubjectKind, settings: Settings, vocabulary: Vocabulary, columns: Columns) -> None:
        self.subject = subject
        self.settings = settings
        self.vocabulary = vocabulary
        self.columns = columns
        self.slots: dict[Hashable, _Slot] = {}
        self.slot_of: dict[int, _Slot] = {}
        self.conditions: dict[Hashable, Condition] = {}
        self.code: list[int] = [0] * k.PROGRAM_HEAD
        self.bounds: list[float] = []
        self.masks: list[NDArray[np.uint8]] = []
        self.mask_count = 0
        self.zones: dict[str, int] = {}
        self.tests: dict[Hashable, int] = {}
        self.names: dict[Name, int] = {name: code for code, name in enumerate(vocabulary.names)}
        self.event_codes = [code for code, (kind, _) in enumerate(vocabulary.names) if kind == Kind.EVENT]

    def compile(self, definitions: Sequence[Definition]) -> Program:
        chosen = [number for number, definition in enumerate(definitions) if definition.subject == self.subject]
        mine = [definitions[number] for number in chosen]
        out = next((formula for kind, formula in self.settings.leave_out if kind == self.subject), AnyOf(()))
        for formula in [*(formula for d in mine for formula in _formulas(d)), out]:
            self._collect(formula)
        self._add_zone()
        self._place(mine)
        self._write(mine, out)
        return Program(
            code=np.array(self.code, np.int64),
            bounds=np.array(self.bounds or [0.0], np.float64),
            masks=np.concatenate([*self.masks, np.zeros(1, np.uint8)]),
            definitions=tuple(chosen),
            conditions=tuple(self.conditions.values()),
            scratch=self.scratch,
        )

    # --- Collecting -------------------------------------------------------------------------------------------------

    def _collect(self, formula: Formula) -> None:
        for condition in _conditions(formula):
            key = meaning(condition)
            if key not in self.conditions:
                slot = self._slot(condition.quantity)
                self.conditions[key] = condition
                self._read(slot, len(self.conditions) - 1)

    def _slot(self, node: Quantity) -> _Slot:
        key = meaning(node)
        if key not in self.slots:
            self._refuse_foreign(node)
            made = specs.spec(node, lambda part: self._slot(part).spec)
            self._add(key, made)
        return self.slots[key]

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
        key = ("points", meaning(item), score.half_life)
        slot = self.slots[key] if key in self.slots else self._add(key, specs.points(item, score))
        return _Item(None, slot.spec, specs.millionths(item.points))

    def _read(self, slot: _Slot, condition: int) -> None:
        """Whatever changes this quantity concerns the condition."""
        slot.readers[condition] = None
        below = [*slot.spec.parts, slot.spec.anchor, *(item.spec for item in slot.items)]
        for part in below:
            if part is not None:
                self._read(self.slot_of[id(part)], condition)

    def _add_zone(self) -> None:
        name = dict(self.settings.timezone_traits).get(self.subject)
        if name is None:
            return
        kind = Kind.PERSON_TRAIT if self.subject == "person" else Kind.ACCOUNT_TRAIT
        slot = self._add(("zone",), specs.zone((kind, name)))
        for number, condition in enumerate(self.conditions.values()):
            reads = self.slots[meaning(condition.quantity)].spec
            if k.STREAK in {reads.op, *(part.op for part in reads.parts)}:
                slot.readers[number] = None

    # --- Placing ----------------------------------------------------------------------------------------------------

    def _reserve(self, words: int) -> int:
        position = len(self.code)
        self.code.extend([0] * words)
        return position

    def _list(self, values: Iterable[int]) -> tuple[int, int]:
        start = len(self.code)
        self.code.extend(values)
        return start, len(self.code)

    def _place(self, definitions: Sequence[Definition]) -> None:
        count = len(self.conditions)
        self.order = {key: number for number, key in enumerate(self.conditions)}
        word = k.STATE_HEAD + 2 * count
        self.condition_state = word
        word += k.CONDITION_STATE_WORDS * count
        self.definition_state = word
        word += k.DEFINITION_STATE_WORDS * len(definitions)
        for slot in self.slots.values():
            slot.state = word
            word += k.BODY + len(slot.spec.body)
        self.item_state = word
        word += 2 * sum(len(slot.items) for slot in self.slots.values())
        self.row_words = word
        self.condition_at = self._reserve(k.CONDITION_WORDS * count)
        self.definition_at = self._reserve(k.DEFINITION_WORDS * len(definitions))
        for slot in self.slots.values():
            slot.at = self._reserve(k.QUANTITY_WORDS)

    def _condition_position(self, number: int) -> int:
        return self.condition_at + number * k.CONDITION_WORDS

    # --- Writing ----------------------------------------------------------------------------------------------------

    def _write(self, definitions: Sequence[Definition], out: Formula) -> None:
        users: list[list[int]] = [[] for _ in self.conditions]
        items: list[list[int]] = [[] for _ in self.conditions]
        self._write_items(items)
        for slot in self.slots.values():
            self._write_quantity(slot)
        for number, definition in enumerate(definitions):
            self._write_definition(number, definition, out, users)
        self._write_conditions(users, items)
        self.scratch = k.WORK_HEAD + 2 * len(definitions) + sum(map(len, items))
        self._write_feeds()
        self._write_head(definitions, out)

    def _write_items(self, items: list[list[int]]) -> None:
        number = 0
        for slot in self.slots.values():
            if slot.spec.op != k.SCORE or slot.spec.score is None:
                continue
            records = []
            for item in slot.items:
                records.append(self._write_item(item, slot, self.item_state + 2 * number, items))
                number += 1
            start, end = self._list(records)
            cap = slot.spec.score.cap
            slot.spec.fields |= {
                k.A: start,
                k.B: end,
                k.SPAN: slot.spec.score.half_life or 0,
                k.GATE_SPAN: k.NEVER if cap is None else specs.millionths(cap),
            }

    def _write_item(self, item: _Item, score: _Slot, state: int, items: list[list[int]]) -> int:
        record = self._reserve(k.ITEM_WORDS)
        readers = self._list(self._condition_position(number) for number in score.readers)
        if item.formula is None:
            assert item.spec is not None
            place = (self.slot_of[id(item.spec)].at, 0)
        else:
            place = self._list(self._postfix(item.formula))
            for number in self._numbers(item.formula):
                items[number].append(record)
        kind = k.HOLDING if item.formula is not None else k.EARNING
        self.code[record : record + k.ITEM_WORDS] = [kind, *place, item.points, state, *readers]
        return record

    def _write_quantity(self, slot: _Slot) -> None:
        made = slot.spec
        values = dict(made.fields)
        values |= {k.OP: made.op, k.STATE: slot.state, k.WORDS: k.BODY + len(made.body)}
        values[k.READERS], values[k.READERS_END] = self._list(map(self._condition_position, slot.readers))
        values[k.GATED], values[k.GATED_END] = self._list(gated.at for gated in slot.gated)
        if made.anchor is not None:
            values[k.GATE] = self.slot_of[id(made.anchor)].at
        if made.property is not None:
            values[k.NUMBER_COLUMN] = self.columns.numbers.get(made.property, 0)
            values[k.TEXT_COLUMN] = self.columns.codes.get(made.property, 0)
        if made.op == k.RATIO:
            values[k.A], values[k.B] = (self.slot_of[id(part)].at for part in made.parts)
        if made.op == k.MEMBERS:
            values[k.A] = self._mask([role in made.roles for role in self.vocabulary.roles]) if made.roles else -1
        if made.number is not None:
            values[k.A] = self._numbers_list([made.number])
        if made.op == k.TRAIT and made.trait is not None:
            values[k.A] = self._numbers_list([_as_number(value) for value in self.vocabulary.traits.get(made.trait, ())])
        if made.op == k.ZONE and made.trait is not None:
            default = self._zone_number(self.settings.timezone)
            known = [self._zone_number(value) for value in self.vocabulary.traits.get(made.trait, ())]
            values[k.A], values[k.B] = self._list(known)[0], default
        for position, value in values.items():
            self.code[slot.at + position] = value

    def _write_definition(self, number: int, definition: Definition, out: Formula, users: list[list[int]]) -> None:
        record = self.definition_at + number * k.DEFINITION_WORDS
        goal = 0
        reads = {*self._numbers(definition.qualified), *self._numbers(out)}
        if definition.goal is not None:
            goal_number = self._numbers(_goal(definition.goal))[0]
            goal = self._condition_position(goal_number)
            reads.add(goal_number)
        for condition in reads:
            users[condition].append(record)
        formula = self._list(self._postfix(definition.qualified))
        shown = self._list(map(self._condition_position, self._numbers(definition.qualified)))
        state = self.definition_state + number * k.DEFINITION_STATE_WORDS
        self.code[record : record + k.DEFINITION_WORDS] = [
            *formula, goal, int(definition.keep_after_goal), definition.cooldown, *shown, state, number,
        ]  # fmt: skip

    def _write_conditions(self, users: list[list[int]], items: list[list[int]]) -> None:
        for number, condition in enumerate(self.conditions.values()):
            slot = self.slots[meaning(condition.quantity)]
            made = slot.spec
            record = self._condition_position(number)
            self.code[record : record + k.CONDITION_WORDS] = [
                slot.at,
                self._test(condition.test, self._dictionary(condition.quantity)),
                int(made.timed and not made.steady),
                int(made.late),
                *self._list(users[number]),
                *self._list(items[number]),
                self.condition_state + number * k.CONDITION_STATE_WORDS,
                int(made.timed),
                number,
            ]

    def _write_feeds(self) -> None:
        by_name: list[list[list[int]]] = [[] for _ in self.names]
        for slot in self.slots.values():
            for feed in slot.spec.feeds:
                for code in self._codes(feed):
                    by_name[code].append(self._feed(slot, feed))
        index = self._reserve(len(by_name) + 1)
        for code, feeds in enumerate(by_name):
            # Anchors first; of a sequence's steps the last first, so that one event is not two steps.
            feeds.sort(key=lambda record: (self.code[record[0] + k.OP] != k.FIRST, -record[k.FEED_ARGUMENT]))
            self.code[index + code] = len(self.code)
            for record in feeds:
                self.code.extend(record)
        self.code[index + len(by_name)] = len(self.code)
        self.code[k.FEEDS] = index
        self.code[k.MOST_FEEDS] = max(map(len, by_name), default=0)

    def _feed(self, slot: _Slot, feed: Feed) -> list[int]:
        where = feed.events.where if feed.events is not None else None
        start, end = self._list(self._where(where)) if where is not None else (0, 0)
        return [slot.at, start, end, feed.argument]

    def _codes(self, feed: Feed) -> Iterable[int]:
        if feed.row is not None:
            return [self.names[feed.row]] if feed.row in self.names else []
        assert feed.events is not None
        if not feed.events.names:
            return self.event_codes
        wanted = dict.fromkeys((Kind.EVENT, name) for name in feed.events.names)
        return [self.names[name] for name in wanted if name in self.names]

    def _write_head(self, definitions: Sequence[Definition], out: Formula) -> None:
        code = self.code
        code[k.ROW_WORDS] = self.row_words
        code[k.CONDITIONS], code[k.CONDITION_COUNT] = self.condition_at, len(self.conditions)
        code[k.DEFINITIONS], code[k.DEFINITION_COUNT] = self.definition_at, len(definitions)
        records = (self._condition_position(number) for number in range(len(self.conditions)))
        start, end = self._list([record for record in records if code[record + k.IS_TIMED]])
        code[k.TIMED], code[k.TIMED_COUNT] = start, end - start
        code[k.OUT_START], code[k.OUT_END] = self._list(self._postfix(out))
        code[k.FADE], _ = self._list(_fade_table())
        default = self._zone_number(self.settings.timezone)
        zones = [self._zone_table(name) for name in self.zones]
        code[k.ZONES], _ = self._list(zones)
        code[k.TEMPLATE], _ = self._list(self._template(default, len(definitions)))
        code[k.MOST_EVIDENCE] = sum(len(self._numbers(d.qualified)) for d in definitions)
        code[k.USED] = int(bool(definitions))

    def _template(self, zone: int, definitions: int) -> list[int]:
        words = [0] * self.row_words
        words[k.FIRST_RECORD] = words[k.PENDING] = words[k.KNOWN] = -1
        words[k.WAKE] = k.NEVER
        words[k.ZONE_NUMBER], words[k.ZONE_FROM] = zone, 1
        for number in range(len(self.conditions)):
            state = self.condition_state + number * k.CONDITION_STATE_WORDS
            words[state + k.TIP], words[state + k.FLIP] = -1, k.NEVER
        for number in range(definitions):
            words[self.definition_state + number * k.DEFINITION_STATE_WORDS + k.COOL_UNTIL] = -1
        for slot in self.slots.values():
            words[slot.state + k.PROVISIONAL] = words[slot.state + k.PREVIOUS] = -1
            words[slot.state + k.BODY : slot.state + k.BODY + len(slot.spec.body)] = slot.spec.body
        return words

    def _zone_number(self, name: Any) -> int:
        """The number of a zone; an unknown name counts as the project's zone."""
        if not isinstance(name, str) or changes(name) is None:
            name = self.settings.timezone
        if changes(name) is None:
            raise ProjectError(f"timezone: there is no time zone {name!r}. Use a name such as 'Europe/Berlin' or 'UTC'.")
        return self.zones.setdefault(name, len(self.zones))

    def _zone_table(self, name: str) -> int:
        moments, offsets = changes(name) or ((), ())
        return self._list([len(moments), *moments, *offsets])[0]

    # --- Formulas, where, tests ----------------------------------------------------------------------------------------

    def _numbers(self, formula: Formula) -> list[int]:
        """The numbers of a formula's conditions, in the order of its text, each once."""
        return list(dict.fromkeys(self.order[meaning(condition)] for condition in _conditions(formula)))

    def _postfix(self, formula: Formula) -> list[int]:
        match formula:
            case Condition():
                return [self._condition_position(self._numbers(formula)[0])]
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
        return self._list([kind, numbers, texts, test])[0]

    def _dictionary(self, quantity: Quantity) -> tuple[str, Any]:
        made = self.slots[meaning(quantity)].spec
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
        key = (meaning(test), dictionary)
        if key not in self.tests:
            ranges, negated = intervals(test)
            low = self._numbers_list([end for ends in ranges for end in ends])
            values = self._values(dictionary)
            mask = self._mask([text_holds(test, value) for value in values]) if values else -1
            missing = int(isinstance(test, Known) and not test.known)
            self.tests[key] = self._list([low, low + 2 * len(ranges), int(negated), mask, missing])[0]
        return self.tests[key]

    def _mask(self, truths: Sequence[bool]) -> int:
        start = self.mask_count
        self.masks.append(np.array(truths, np.uint8))
        self.mask_count += len(truths)
        return start

    def _numbers_list(self, values: Sequence[float]) -> int:
        start = len(self.bounds)
        self.bounds.extend(values)
        return start


def _goal(events: Events) -> Condition:
    return Condition(Count(events), Compare(">=", 1))


def _formulas(definition: Definition) -> list[Formula]:
    return [definition.qualified] + ([_goal(definition.goal)] if definition.goal is not None else [])


def _conditions(formula: Formula) -> list[Condition]:
    match formula:
        case Condition():
            return [formula]
        case All(parts) | AnyOf(parts):
            return [condition for part in parts for condition in _conditions(part)]
        case Not(part):
            return _conditions(part)


def _join(parts: list[list[int]], operator: int, empty: int) -> list[int]:
    if not parts:
        return [empty]
    joined = list(parts[0])
    for part in parts[1:]:
        joined += [*part, operator]
    return joined


def _as_number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else k.NAN


@cache
def _fade_table() -> tuple[int, ...]:
    """floor(2**22 * 2**(-i / 4096)) for i in 0 .. 4095, exactly."""
    with localcontext() as context:
        context.prec = 50
        step = (Decimal(2).ln() / 4096).copy_negate()
        return tuple(int((1 << 22) * (step * i).exp()) for i in range(4096))
