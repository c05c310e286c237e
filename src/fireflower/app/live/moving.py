"""Which transitions have only moved: taken back, and there again at another moment or by another name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from fireflower.history.log.verdicts import News, Recorded

Subject = tuple[str, str, str]
"""(definition, kind, subject)."""

SameId = Callable[[str], str]
"""The id by which verdicts name the person who bears or has borne this one."""


def subject_of(each: Recorded) -> Subject:
    return each.definition, each.kind, each.subject


def moved(news: News, stands: Iterable[Recorded], same_id: SameId) -> dict[int, Recorded]:
    """What is there instead of transitions that were taken back, by their numbers in the record.

    It is a transition of the same subject, the nearest in time; or that of the person with whom they are found to be
    the same, at the same moment.

    Parameters
    ----------
    stands : how the subjects of what was taken back stand now, where that is not new: what brought them there may stand
        for what was taken back, too
    """
    instead: dict[int, Recorded] = {}
    free = {each.id: each for each in (*stands, *news.new)}
    for before, after in _pairs(news.retracted, free.values(), same_id):
        if before.id not in instead and after.id in free:
            instead[before.id] = free.pop(after.id)
    return instead


def _pairs(
    retracted: Iterable[Recorded], standing: Iterable[Recorded], same_id: SameId
) -> list[tuple[Recorded, Recorded]]:
    """Those that may be one and the same, the likeliest first."""
    alike: dict[tuple[str, str, str], list[Recorded]] = defaultdict(list)
    for each in standing:
        alike[each.definition, each.kind, each.change].append(each)
    found: list[tuple[bool, int, int, Recorded, Recorded]] = []
    for before in retracted:
        for after in alike.get((before.definition, before.kind, before.change), ()):
            is_own = before.subject == after.subject
            if is_own or (before.at == after.at and _is_one(before, after, same_id)):
                found.append((not is_own, abs(before.at - after.at), after.id, before, after))
    return [(before, after) for *_, before, after in sorted(found, key=lambda pair: pair[:3])]


def _is_one(before: Recorded, after: Recorded, same_id: SameId) -> bool:
    """Whether these are one person, by other ids."""
    return before.kind == "person" and same_id(before.subject) == same_id(after.subject)
