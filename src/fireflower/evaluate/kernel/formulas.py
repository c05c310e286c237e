"""Tests, `where` and formulas: which of them hold."""

from __future__ import annotations

from .clocks import local_day, offset
from .jit import apart, jit
from .layout import (
    ALL_TESTS,
    ALL_TESTS_END,
    ALWAYS,
    AND,
    ATOM_NUMBER,
    ATOM_TEST,
    ATOM_TEXT,
    CEIL,
    CROSSED,
    CUTS,
    DAY,
    FIELD,
    FLOOR,
    HIGH,
    HOLDS,
    HOUR,
    LAST_CELL,
    LOW,
    MASK,
    MISSING,
    NAN,
    NEGATED,
    NOT,
    OR,
    PROPERTY,
    TEST,
    TESTS,
    TESTS_END,
    TRUTHS,
    WEEKDAY,
)


@jit
def inside(f, low, high, number):
    for i in range(low, high, 2):
        if f[i] <= number <= f[i + 1]:
            return True
    return False


@jit
def is_in_cell(f, at, number):
    """Whether the quantity whose words are at `at` would still be where it was decided: no condition differs."""
    return f[at + FLOOR] <= number < f[at + CEIL]


@jit
def cell_of(m, f, q, number, near):
    """Number of the cell in which a value lies, -1 if it is missing or text. It is looked for from the cell `near`."""
    if number != number:
        return -1
    cuts = m[q + CUTS]
    cell = max(near, 0)
    while number < f[cuts + cell]:
        cell -= 1
    while cell < m[q + LAST_CELL] and number >= f[cuts + cell + 1]:
        cell += 1
    return cell


@jit
def tests_between(m, q, before, cell):
    """Where the list of the tests (by number) begins and ends whose truth may be another in one cell than in the
    other."""
    if before < 0 or cell < 0:
        return m[q + ALL_TESTS], m[q + ALL_TESTS_END]
    ends = m[q + CROSSED]
    return m[ends + min(before, cell)], m[ends + max(before, cell)]


@jit
def test_holds(m, f, q, i, cell, text):
    """Whether the quantity's i-th test holds of a value in the cell, 0 or 1."""
    if cell >= 0:
        return m[m[q + TRUTHS] + cell * (m[q + TESTS_END] - m[q + TESTS]) + i]
    return 1 if passes(m, f, m[m[m[q + TESTS] + i] + TEST], NAN, text) else 0


@jit
def passes(m, f, test, number, text):
    """A test on a number (NaN: none) or the code of a text (-1: none)."""
    if number == number:
        return inside(f, m[test + LOW], m[test + HIGH], number) != (m[test + NEGATED] == 1)
    if text >= 0:
        return m[test + MASK] != 0 and m[m[test + MASK] + text] == 1
    return m[test + MISSING] == 1


@jit
def _combine(stack, code):
    """One step of a formula in postfix order on a stack of bits; the lowest bit is its top."""
    if code == AND:
        return (stack >> 1) & (stack | -2)
    if code == OR:
        return (stack >> 1) | (stack & 1)
    if code == NOT:
        return stack ^ 1
    return (stack << 1) | (1 if code == ALWAYS else 0)


@jit
def formula_holds(m, row, start, end):
    stack = 0
    for i in range(start, end):
        code = m[i]
        if code > 0:
            stack = (stack << 1) | m[row + code + HOLDS]
        else:
            stack = _combine(stack, code)
    return (stack & 1) == 1


@jit
def _atom(m, f, rows, i, row, atom, t):
    field = m[atom + FIELD]
    number = NAN
    text = -1
    if field == PROPERTY:
        if m[atom + ATOM_NUMBER] != 0:
            number = rows.numbers[m[atom + ATOM_NUMBER] * rows.width + i]
        if m[atom + ATOM_TEXT] != 0:
            text = rows.codes[m[atom + ATOM_TEXT] * rows.width + i]
    elif field == HOUR:
        local = t + offset(m, row, t)
        number = float((local % DAY) // 3_600_000_000)
    elif field == WEEKDAY:  # day 0, 1970-01-01, was a Thursday
        number = float((local_day(m, row, t) + 3) % 7 + 1)
    else:
        text = rows.detail[i]
    return passes(m, f, m[atom + ATOM_TEST], number, text)


@apart
def where_holds(m, f, rows, i, row, start, end, t):
    stack = 0
    for position in range(start, end):
        code = m[position]
        if code > 0:
            stack = (stack << 1) | (1 if _atom(m, f, rows, i, row, code, t) else 0)
        else:
            stack = _combine(stack, code)
    return (stack & 1) == 1
