"""The state of a subject to whom nothing has happened: the kernel decides it once, every subject begins with a copy."""

from __future__ import annotations

import numpy as np

from fireflower.evaluate.engines import view
from fireflower.evaluate.image import Image
from fireflower.evaluate.kernel import layout as k
from fireflower.evaluate.kernel.formulas import formula_holds
from fireflower.evaluate.kernel.verdicts import settle


def settle_template(image: Image, head: int) -> None:
    """Decide the conditions of the template of the program at `head`, and list what there follows from the first
    record: which of its words are times since then, and which definitions hold at once."""
    words = image.words
    size, template = words[head + k.ROW_WORDS], words[head + k.TEMPLATE]
    memory = np.array([*words, *words[template : template + size]], np.int64)
    m, f, row = view(memory, compiled=False), view(memory.view(np.float64), compiled=False), len(words)
    settle(m, f, head, row)
    flips = words[head + k.FLIPS]
    timed = words[head + k.TIMED_END] - words[head + k.TIMED]
    relative = [word for word in (k.WAKE, *range(flips, flips + timed)) if m[row + word] != k.NEVER]
    for number in range(words[head + k.CONDITION_COUNT]):
        state = words[words[head + k.CONDITIONS] + number * k.CONDITION_WORDS + k.CONDITION_STATE]
        m[row + state + k.SINCE] = m[row + state + k.TIP] = -1
    for item in words[words[head + k.ALL_ITEMS] : words[head + k.ALL_ITEMS_END]]:
        if m[row + words[item + k.ITEM_STATE]] == 1:
            relative.append(words[item + k.ITEM_STATE] + 1)
    at_birth = [
        definition
        for definition in range(words[head + k.DEFINITIONS], _end_of_definitions(words, head), k.DEFINITION_WORDS)
        if m[row + words[definition + k.MISSED]] == 0
        and formula_holds(m, row, words[definition + k.REST], words[definition + k.REST_END])
    ]
    words[template : template + size] = m[row:].tolist()
    words[head + k.RELATIVE], words[head + k.RELATIVE_END] = image.list(relative)
    words[head + k.AT_BIRTH], words[head + k.AT_BIRTH_END] = image.list(at_birth)


def _end_of_definitions(words: list[int], head: int) -> int:
    return words[head + k.DEFINITIONS] + words[head + k.DEFINITION_COUNT] * k.DEFINITION_WORDS
