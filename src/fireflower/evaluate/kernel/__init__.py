"""The one kernel: a table-driven machine that replays rows and decides verdicts (docs/semantics.md).

Its functions use only numbers and arrays, so the same source runs twice: as plain Python, and compiled by numba when
`fireflower.evaluate.engines` loads this package a second time under another name. That is why its modules import each
other relatively.

Reading order: `layout` (what lies where), `heap`, `rings` and `sets` (what is inside a window), `windows`, `clocks`
(calendar days), `points` (scores); `taking` (what an event does to a quantity), `shortcuts` (what most of them do),
`reading` (its value), `flips` (when time alone changes it); `formulas`; `noticing` (what a row does to a subject),
`conditions`, `verdicts` (definitions), `output` (transitions), `rows` (the loop).
"""
