"""Rows of a file that several imports have read, each in its own way, so that they count more than once."""

from __future__ import annotations

from collections.abc import Sequence

from fireflower.history.archive.segments import Segment, SegmentFacts


def read_twice(segments: Sequence[Segment], kept: Sequence[int], *, any_table: bool = False) -> list[int]:
    """For each segment, how many of its rows an earlier import of the same content has read, too, so that both count.

    Parameters
    ----------
    kept : how many records of each segment stay; the others say the same as one of another segment
    any_table : also where the earlier import took the rows for a table of another kind, as may be meant
    """
    earlier: dict[tuple[str, ...], list[tuple[Segment, int]]] = {}
    again = []
    for segment, count in zip(segments, kept, strict=True):
        facts = segment.facts
        key = (facts.digest,) if any_table else (facts.digest, _table(facts))
        same = earlier.setdefault(key, [])
        again.append(_rows_of_both(same, segment, count) if facts.digest and count else 0)
        if count:
            same.append((segment, count))
    return again


def _table(facts: SegmentFacts) -> str:
    return str(facts.mapping.get("table", "events"))


def _rows_of_both(before: Sequence[tuple[Segment, int]], segment: Segment, count: int) -> int:
    """How many rows of a segment one of those before has read, too; 0 where all of them together say no more than one
    import does, as what they say of these rows is the same."""
    together = count + sum(other for _, other in before)
    if together <= max([segment.facts.rows, *(other.facts.rows for other, _ in before)]):
        return 0
    unread_before = set.intersection(*({row.line for row in other.kept_aside()} for other, _ in before))
    unread = unread_before | {row.line for row in segment.kept_aside()}
    return segment.facts.read - len(unread)
