"""The one kernel: a table-driven machine that replays rows and decides verdicts (docs/semantics.md).

Its functions use only numbers and arrays, so the same source runs twice: as plain Python, and compiled by numba when
`fireflower.evaluate.engines` loads this package a second time under another name.

Reading order: `layout` (what lies where), `heap`, `rings` and `sets` (what is inside a window), `clocks` (calendar days),
`points` (scores), `quantities` (taking in a row, reading a value, when it changes by time alone), `verdicts` (conditions,
definitions, transitions), `rows` (the loop).
"""
