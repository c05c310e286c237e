"""Messages in a user's own words: Jinja, of which only what a message needs, and nothing without a bound.

The sandbox keeps a template from Python's insides. It does not keep it from running for ever or from filling the
memory, so a template may also only do what is in the lists below: print, choose, go through a list. No calls, no
arithmetic that makes texts longer, no variables of its own. What it can do is bounded by its length and the notice's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from fireflower.destinations.escaping import as_text, cut
from fireflower.language.phrases import number
from fireflower.model.errors import did_you_mean
from fireflower.model.moments import format_moment

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.nodes import Node

LONGEST_TEMPLATE = 10_000
LONGEST_OUTPUT = 20_000
_DEEPEST = 12
_LOOPS_IN_LOOPS = 2
_SECONDS = 1.0

_NODES = frozenset({
    "Template", "Output", "TemplateData", "Const", "Name", "Getattr", "Getitem", "Filter", "Test", "Keyword", "Operand",
    "If", "For", "CondExpr", "And", "Or", "Not", "Compare", "List", "Tuple",
})  # fmt: skip
TESTS = frozenset({"defined", "none", "number", "string", "boolean", "true", "false", "eq", "equalto", "in", "sameas"})
_TOO_MUCH = {
    "Call": "a call", "Assign": "`set`", "AssignBlock": "`set`", "Macro": "a macro", "CallBlock": "`call`",
    "Include": "`include`", "Import": "`import`", "FromImport": "`import`", "Extends": "`extends`", "Block": "a block",
    "FilterBlock": "a filter block", "With": "`with`", "Slice": "a slice", "Dict": "a mapping", "Mul": "`*`",
    "Pow": "`**`", "Mod": "`%`", "Add": "`+`", "Sub": "`-`", "Div": "`/`", "FloorDiv": "`//`", "Concat": "`~`",
    "Neg": "`-`", "Pos": "`+`",
}  # fmt: skip


class TemplateFault(Exception):
    """A template cannot be used. `line` counts from 1 within it; `word` is what stands there, if that is known."""

    def __init__(self, message: str, line: int = 1, word: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.word = word


@dataclass(frozen=True, slots=True)
class Compiled:
    """A template that has been found to be harmless, for one way of escaping."""

    code: Any

    def render(self, values: Mapping[str, Any]) -> str:
        """The text, without blank lines at its ends.

        Raises
        ------
        TemplateFault
            If the values are not what the template takes them for, or the text gets too long.
        """
        pieces, length, deadline = [], 0, time.monotonic() + _SECONDS
        try:
            for piece in self.code.generate(values):
                length += len(piece)
                if length > LONGEST_OUTPUT or time.monotonic() > deadline:
                    raise TemplateFault(f"the message gets longer than {LONGEST_OUTPUT:,} characters.")
                pieces.append(piece)
        except TemplateFault:
            raise
        except Exception as error:  # whatever a filter or comparison makes of a value of another type
            raise TemplateFault(f"it cannot be filled in: {_plainly(error)}.") from None
        return "".join(pieces).strip()


@lru_cache(maxsize=256)
def compiled(source: str, escape: Callable[[Any], str], names: frozenset[str]) -> Compiled:
    """The template, ready to be filled in.

    Parameters
    ----------
    escape : applied to every value that is printed
    names : what the template may name

    Raises
    ------
    TemplateFault
        With the first thing that is wrong with it.
    """
    fault = next(faults(source, names), None)
    if fault is not None:
        raise fault
    return Compiled(_environment(escape).from_string(source))


def faults(source: str, names: frozenset[str]) -> Iterator[TemplateFault]:
    """Everything that is wrong with a template, without filling it in."""
    from jinja2 import TemplateSyntaxError

    if len(source) > LONGEST_TEMPLATE:
        yield TemplateFault(f"a template has at most {LONGEST_TEMPLATE:,} characters; this one has {len(source):,}.")
        return
    try:
        tree = _environment(as_text).parse(source)
    except TemplateSyntaxError as error:
        yield TemplateFault(f"not readable as a template: {error.message}", error.lineno)
    except RecursionError:
        yield TemplateFault("this template is nested too deeply to be read.")
    else:
        yield from _walk(tree, names, 0, 0)


def _walk(node: Node, names: frozenset[str], depth: int, loops: int) -> Iterator[TemplateFault]:
    kind = type(node).__name__
    if depth > 4 * _DEEPEST:
        yield TemplateFault("this template is nested too deeply.", node.lineno)
        return
    yield from _complaints(node, kind, names)
    if kind not in _NODES:
        return
    if kind == "For":
        yield from _loop(node, names, depth, loops)
        return
    for child in node.iter_child_nodes():
        yield from _walk(child, names, depth + 1, loops)


def _loop(node: Any, names: frozenset[str], depth: int, loops: int) -> Iterator[TemplateFault]:
    """A loop's variables are known in its body, and nowhere else."""
    if loops == _LOOPS_IN_LOOPS or node.recursive:
        yield TemplateFault("loops go at most two deep here.", node.lineno, "for")
        return
    yield from _walk(node.iter, names, depth + 1, loops)
    inner = names | {"loop"} | {name.name for name in _targets(node.target)}
    for child in (*([node.test] if node.test else []), *node.body, *node.else_):
        yield from _walk(child, inner, depth + 1, loops + 1)


def _targets(node: Any) -> list[Any]:
    return list(node.items) if type(node).__name__ == "Tuple" else [node]


def _complaints(node: Any, kind: str, names: frozenset[str]) -> Iterator[TemplateFault]:
    if kind not in _NODES:
        what = _TOO_MUCH.get(kind, f"'{kind.lower()}'")
        hint = " Use a filter, such as `facts | upper`." if kind == "Call" else ""
        yield TemplateFault(f"{what} is more than a message's template may do.{hint}", node.lineno)
    elif kind == "Name" and node.name not in names:
        hint = did_you_mean(node.name, names) or f" Known are {', '.join(sorted(names))}."
        yield TemplateFault(f"there is no {node.name!r} in a message.{hint}", node.lineno, node.name)
    elif kind == "Filter" and node.name not in FILTERS:
        hint = did_you_mean(node.name, FILTERS) or f" Known are {', '.join(sorted(FILTERS))}."
        yield TemplateFault(f"there is no filter {node.name!r}.{hint}", node.lineno, node.name)
    elif kind == "Test" and node.name not in TESTS:
        hint = did_you_mean(node.name, TESTS) or f" Known are {', '.join(sorted(TESTS))}."
        yield TemplateFault(f"there is no test {node.name!r}.{hint}", node.lineno, node.name)
    elif kind == "Getattr" and node.attr.startswith("_"):
        yield TemplateFault(f"names that begin with '_' are not for templates: {node.attr}.", node.lineno, node.attr)
    elif kind == "Getitem" and type(node.arg).__name__ != "Const":
        yield TemplateFault("expected a name or a number between [ and ].", node.lineno)


def _plainly(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


# --- What templates can call ------------------------------------------------------------------------------------------


def _join(values: Any, between: str = ", ") -> str:
    parts = [as_text(value) for value in values] if isinstance(values, list | tuple) else [as_text(values)]
    return as_text(between)[:20].join(parts)


def _number(value: Any) -> str:
    return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else as_text(value)


def _date(value: Any) -> str:
    return format_moment(value)[:10] if isinstance(value, int) else as_text(value)[:10]


def _shorten(value: Any, length: int = 80) -> str:
    return cut(as_text(value), max(length, 1))


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str | list | tuple | Mapping) else 0


def _first(value: Any) -> Any:
    return next(iter(value), None) if isinstance(value, list | tuple) else value


def _default(value: Any, instead: Any = "") -> Any:
    return instead if value is None or value == "" else value


FILTERS: Mapping[str, Callable[..., Any]] = {
    "upper": lambda value: as_text(value).upper(),
    "lower": lambda value: as_text(value).lower(),
    "capitalize": lambda value: as_text(value)[:1].upper() + as_text(value)[1:],
    "title": lambda value: as_text(value).title(),
    "trim": lambda value: as_text(value).strip(),
    "join": _join,
    "number": _number,
    "date": _date,
    "shorten": _shorten,
    "length": _length,
    "first": _first,
    "default": _default,
}
"""Filters by name. None of them makes of a text one that is much longer."""


_OF_LOOPS = frozenset({"index", "index0", "first", "last", "length", "revindex", "revindex0"})


@cache
def _sandbox() -> type[Environment]:
    """A sandbox in which a dot reaches what a mapping holds, and nothing of the mapping itself."""
    from jinja2.runtime import LoopContext
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment):
        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, LoopContext) and attribute in _OF_LOOPS:
                return super().getattr(obj, attribute)
            return self.getitem(obj, attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            if isinstance(obj, Mapping | list | tuple):
                with suppress(LookupError, TypeError):
                    return obj[argument]
            return self.undefined(obj=obj, name=argument)

    return Sandbox


@cache
def _environment(escape: Callable[[Any], str]) -> Environment:
    from jinja2 import StrictUndefined

    made = _sandbox()(
        undefined=StrictUndefined, finalize=_printing(escape), trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    made.filters = dict(FILTERS)
    made.tests = {name: made.tests[name] for name in TESTS}
    made.globals = {}
    return made


def _printing(escape: Callable[[Any], str]) -> Callable[[Any], str]:
    from jinja2 import StrictUndefined

    def printed(value: Any) -> str:
        if isinstance(value, StrictUndefined):
            str(value)  # raises, and says what is not defined
        if any(isinstance(item, Mapping) for item in (value if isinstance(value, list | tuple) else [value])):
            raise TypeError("a mapping cannot be printed; name what is in it, such as `traits.plan` or `fact.says`")
        return escape(value)

    return printed
