"""Simulated worlds whose truth is known, and what scores anybody's findings in them.

    >>> from benchmarks.proving import build, kind
    >>> world = build(kind("and", conversions=50), seed=1)
    >>> len(world.truth.rule_at(world.cut).conditions)
    3

A world is a history (`world.history`, as Arrow tables: `benchmarks.proving.frames`) with its `world.truth`. A method
sees the history up to `world.cut`; `benchmarks.proving.scoring` judges it on who signs up later. The worlds know
nothing of how anybody searches. docs/proving-ground.md has the whole story.
"""

from benchmarks.proving.doing import Everyone, Nobody
from benchmarks.proving.kinds import KINDS, Kind, kind
from benchmarks.proving.rules import Condition, Rule
from benchmarks.proving.scoring import Finding, Named, Score, score
from benchmarks.proving.truth import Truth
from benchmarks.proving.world import Effect, World, build, effect

__all__ = [
    "KINDS", "Condition", "Effect", "Everyone", "Finding", "Kind", "Named", "Nobody", "Rule", "Score", "Truth", "World",
    "build", "effect", "kind", "score",
]  # fmt: skip
