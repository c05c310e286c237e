"""Reading a template of a project file: whatever is wrong with it is found now, and not when the lead comes."""

from __future__ import annotations

from collections.abc import Iterator

from fireflower.destinations.escaping import plain
from fireflower.destinations.messages import NAMES, values_of
from fireflower.destinations.samples import SAMPLES
from fireflower.destinations.templates import TemplateFault, compiled, faults
from fireflower.language.documents import Node, ScalarNode
from fireflower.language.places import Notes, Place
from fireflower.language.trees import text_of


def template_of(node: Node, what: str, notes: Notes) -> str:
    """The template that a value is; "" and its faults noted, if it is none."""
    if not text_of(node, what, notes) or not isinstance(node, ScalarNode):
        return ""
    found = list(faults(node.text, NAMES)) or list(_in_use(node.text))
    for fault in found:
        notes.fault(_place(node, fault), f"{fault}")
    return "" if found else node.text


def _in_use(source: str) -> Iterator[TemplateFault]:
    """The first thing that goes wrong when it is filled in with sample notices."""
    for sample in SAMPLES:
        try:
            text = compiled(source, plain, NAMES).render(values_of(sample))
        except TemplateFault as fault:
            yield TemplateFault(f"{fault} (Found with a sample notice: {sample.change}, {sample.subject_kind}.)")
            return
        if not text and sample is SAMPLES[0]:
            yield TemplateFault("the message is empty with a sample notice.")


def _place(node: ScalarNode, fault: TemplateFault) -> Place:
    lines = node.text.splitlines(keepends=True)
    line = min(max(fault.line, 1), len(lines)) - 1
    column = max(lines[line].find(fault.word), 0) if fault.word else 0
    column = column or len(lines[line]) - len(lines[line].lstrip())
    return node.locate(sum(map(len, lines[:line])) + column)
