"""Mistakes that one could make in the kernel. Each is a text of its source that stands there once, and what replaces
it. `test_mutants` shows that the cases would notice every one of them."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    name: str
    file: str
    old: str
    new: str


MUTANTS = (
    # --- The edges of windows
    Mutant("a count keeps what leaves now", "windows", "width, 0)] <= until", "width, 0)] < until"),
    Mutant("a sum keeps what leaves now", "windows", "if m[oldest] > until:", "if m[oldest] >= until:"),
    Mutant("a set keeps what leaves now", "sets", "+ TIME] <= until:", "+ TIME] < until:"),
    Mutant(
        "the latest value stays a moment too long",
        "reading",
        "t < m[p] + m[q + SPAN]",
        "t <= m[p] + m[q + SPAN]",
    ),
    Mutant("an anchor's window is closed at its end", "taking", "t - anchor < m[q", "t - anchor <= m[q"),
    Mutant("a sequence may end at its span", "taking", "t - start >= m[q + A]", "t - start > m[q + A]"),
    Mutant("a gap must be exceeded", "taking", "t - previous >= m[q + B]", "t - previous > m[q + B]"),
    # --- Instants
    Mutant(
        "an anchor drops what came at its own instant",
        "taking",
        "if m[row + m[gated + STATE] + PROVISIONAL] != t:",
        "if True:",
    ),
    Mutant(
        "an anchor keeps what came before it",
        "taking",
        "if m[row + m[gated + STATE] + PROVISIONAL] != t:",
        "if False:",
    ),
    Mutant("`any` looks inside of an instant", "taking", "if m[p + peak + 1] != t:", "if True:"),
    Mutant("the last anchor counts, not the first", "taking", "if m[p] != NEVER:", "if False:"),
    Mutant("the very last instant is missed", "rows", "rows.time[i] <= as_of", "rows.time[i] < as_of"),
    Mutant("an expiry at the very last instant is missed", "rows", "subject, as_of + 1)", "subject, as_of)"),
    Mutant("a mute row is heard", "rows", "if rows.target[i] & muted == 0:", "if True:"),
    # --- What time alone changes
    Mutant(
        "a streak is planned to end a day early",
        "flips",
        "end = (last_day + 2) * DAY",
        "end = (last_day + 1) * DAY",
    ),
    Mutant("a falling count never reaches nothing", "flips", "if nth > 0.0 else", "if nth > 1.0 else"),
    Mutant("a count leaves its cell one event late", "flips", "int(math.ceil(nth)))", "int(math.ceil(nth)) - 1 or 1)"),
    Mutant("a span reaches its bound late", "flips", "f[at + CEIL])) if", "f[at + CEIL])) + 1 if"),
    Mutant("what has losses only falls", "flips", "most = points if falls else", "most = points if True else"),
    Mutant("a score may fall to below its floor", "flips", "stays = floor <= least and most", "stays = most"),
    Mutant("a ratio waits for its numerator alone", "flips", ", _next_expiry(m, row, m[q + B], t))", ", NEVER)"),
    Mutant("no look at what has not been planned", "noticing", "+ FLIP]] == NEVER", "+ FLIP]] == -1"),
    Mutant("a loss does not come forward", "noticing", "return remark == ANY_CHANGE", "return False"),
    Mutant("a negative amount does not come forward", "noticing", "NEGATIVES] > 0", "NEGATIVES] < 0"),
    Mutant("a change of zone replans nothing", "noticing", "tip) or rezoned or", "tip) or"),
    Mutant("a total is quiet up to its bound", "noticing", "math.floor(bound))\n", "math.floor(bound)) + 1\n"),
    Mutant("a score is quiet about what it has", "noticing", " - int(math.ceil(number * m[q + SCALE]))", ""),
    # --- Cells
    Mutant("a cell goes up to the next cut", "formulas", "number < f[at + CEIL]", "number <= f[at + CEIL]"),
    Mutant(
        "a cut belongs to the cell below", "formulas", "number >= f[cuts + cell + 1]", "number > f[cuts + cell + 1]"
    ),
    Mutant("nothing falls below its cut", "formulas", "while number < f[cuts + cell]:", "while False:"),
    Mutant("a cell that nobody tells from the last is the same", "noticing", "moved = cell >= 0", "moved = False"),
    Mutant("time marks nothing", "conditions", "mark(m, row, m[first + k])", "pass"),
    Mutant("a change of items marks no score", "conditions", "mark(m, row, m[i])", "pass"),
    Mutant("missing counts as nothing", "formulas", "if cell >= 0:\n        return", "if True:\n        return"),
    # --- Shortcuts
    Mutant("a count is quiet up to its bound", "shortcuts", "NUMBER_WORD] + 1 >= m[p", "NUMBER_WORD] >= m[p"),
    Mutant("what is inside is quiet up to its bound", "shortcuts", "rings.SIZE] + 1 >= m[p", "rings.SIZE] >= m[p"),
    Mutant("time spent is quiet up to its bound", "shortcuts", "+ t - previous >= m[p", "+ 0 >= m[p"),
    Mutant("points are quiet up to their bound", "shortcuts", "m[q + A] >= m[quiet]", "m[q + A] > m[quiet]"),
    Mutant("points that are earned leave as many to earn", "shortcuts", "m[quiet] -= m[q + A]", "pass"),
    Mutant("a gap starts no session", "shortcuts", "previous < 0 or t - previous >= m[m[", "previous < 0 or 0 >= m[m["),
    Mutant("an actor seen again leaves as planned", "shortcuts", "sets.TIME] = t", "sets.TIME] += 0"),
    Mutant("whoever waits for an event is not told", "shortcuts", "return m[p + QUIET] != 0", "return True"),
    Mutant("a trait that is another is the same", "shortcuts", "m[p + BODY] == detail", "True"),
    Mutant("a step further is passed by", "shortcuts", "> step and not", ">= step and not"),
    # --- The state at the first record
    Mutant(
        "nothing is there from birth",
        "verdicts",
        "for i in range(m[g + AT_BIRTH]",
        "for i in range(m[g + AT_BIRTH_END]",
    ),
    Mutant("what follows from the first record is not moved", "verdicts", "m[row + m[i]] += t", "m[row + m[i]] += 0"),
    Mutant(
        "whoever waits for a condition is not told",
        "conditions",
        "if missed == 0 or missed == m[condition + CONDITION_STATE]",
        "if missed == 0",
    ),
    Mutant(
        "whoever waits for none is not told",
        "conditions",
        "if missed == 0 or missed == m[condition + CONDITION_STATE]",
        "if missed == m[condition + CONDITION_STATE]",
    ),
    Mutant("what is missed ends no qualification", "verdicts", "not (misses or out", "not (out"),
    Mutant("a score is a step further too late", "points", "half_life + 4095", "half_life + 4096"),
    Mutant("points stay whole for too long", "points", "span * 4096 < half_life", "span * 4095 < half_life"),
    # --- Calendar days
    Mutant("a streak takes an earlier day for a new one", "shortcuts", "t) <= m[p + BODY]", "t) == m[p + BODY]"),
    Mutant("a streak is over on the day after", "reading", "<= m[p] + 1 else 0.0", "<= m[p] else 0.0"),
    Mutant(
        "a clock set back mends no streak", "flips", "return change if change < end", "return NEVER if change < end"
    ),
    Mutant("the clock changes a moment late", "clocks", "+ middle] <= t:", "+ middle] < t:"),
    Mutant("the hour is that of UTC", "formulas", "local = t + offset(m, row, t)", "local = t"),
    Mutant("weeks begin on Sunday", "formulas", "+ 3) % 7 + 1", "+ 4) % 7 + 1"),
    # --- Quantities
    Mutant("a chain keeps its first start", "taking", "if m[starts + step] < start:", "if m[starts + step] < 0:"),
    Mutant("millionths are cut off", "taking", "int(round(number * 1e6))", "int(number * 1e6)"),
    Mutant("0 and -0 are two values", "taking", "f[WORD] = number + 0.0", "f[WORD] = number"),
    Mutant("members never leave", "taking", "if slot != 0:\n        sets.remove(", "if False:\n        sets.remove("),
    Mutant("negative denominators are missing", "reading", "second < 0.0 or second > 0.0", "second > 0.0"),
    Mutant("nothing is missing", "formulas", "return m[test + MISSING] == 1", "return False"),
    # --- Scores
    Mutant(
        "fading rounds to the nearest",
        "points",
        "* m[m[FADE] + (steps & 4095)]) >> 22)",
        "* m[m[FADE] + (steps & 4095)] + (1 << 21)) >> 22)",
    ),
    Mutant("fading takes its steps early", "points", "(span * 4096) //", "(span * 4096 + half_life - 1) //"),
    Mutant("losses fade below", "points", "left if points >= 0 else -left", "left if points >= 0 else -left - 1"),
    Mutant("points for events have no cap", "points", "min(min(MOST, m[q + B]), m[p]", "min(MOST, m[p]"),
    Mutant("points for events begin to fade anew", "points", "if m[q + SPAN] > 0 and m[p + 1] >= 0:", "if False:"),
    Mutant("a score has no cap", "points", "return min(result, m[score + GATE_SPAN])", "return result"),
    Mutant(
        "points fade from the first time that they were held",
        "conditions",
        "m[at + 1] = t\n            for",
        "m[at + 1] = max(m[at + 1], 0) or t\n            for",
    ),
    # --- Verdicts
    Mutant("a cooldown must be exceeded", "verdicts", "t >= m[at + COOL_UNTIL]:", "t > m[at + COOL_UNTIL]:"),
    Mutant("nobody enters as a cooldown ends", "conditions", "elif until == t:", "elif False:"),
    Mutant(
        "conversion comes before being left out",
        "verdicts",
        "REASON_LEFT_OUT if out else (REASON_CONVERTED if converted else REASON_LAPSED)",
        "REASON_CONVERTED if converted else (REASON_LEFT_OUT if out else REASON_LAPSED)",
    ),
    Mutant("the goal ends what outlives it", "verdicts", "return m[definition + KEEP] == 0 and ", "return "),
    Mutant("a bound is crossed upwards only", "formulas", "m[ends + min(before, cell)]", "m[ends + before]"),
    Mutant("a change of truth is not noticed", "noticing", "number, t, tip) or rezoned", "number, t, tip) and rezoned"),
    Mutant("what never changed has no beginning", "output", "if m[at + SINCE] >= 0 else", "if True else"),
    Mutant("known by the last receipt", "rows", "max(m[row + KNOWN], rows.received[i])", "rows.received[i]"),
    Mutant("known before it happened", "output", "max(at, m[row + KNOWN])", "m[row + KNOWN]"),
)
