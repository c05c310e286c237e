"""The top of the page: what there is to do now, and whether it is worth doing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from fireflower.report import wording
from fireflower.report.data import DefinitionReport, ReportData
from fireflower.review.intervals import Estimate
from fireflower.review.results import Backtest

_LEFT = {
    "lapsed": "by conditions that no longer hold",
    "converted": "by reaching the goal",
    "left out": "by being left out",
}

_VERBS = {"activated": "activate", "qualified": "qualify", "reached the goal": "reach the goal"}


@dataclass(frozen=True, slots=True)
class Tile:
    """One headline number. `small`: it rests on few subjects, and the page says so."""

    label: str
    value: str
    note: str
    small: bool = False


def tiles(data: ReportData) -> list[Tile]:
    """What is known, in the order in which a head of sales asks."""
    made = [_qualified_now(data), _entered_lately(data)]
    reviewed = next((d for d in data.definitions if d.backtest), None)
    if reviewed and reviewed.backtest:
        whose = f"By {reviewed.name}: " if len(data.definitions) > 1 else ""
        made += [replace(tile, note=whose + tile.note) for tile in (_precision(reviewed), _coverage(reviewed))]
    made += _time_to_value(data)
    return made


def qualified_now(data: ReportData) -> str:
    """Different subjects over all definitions: "134 accounts and 61 people"."""
    kinds = [kind for kind in ("account", "person") if any(d.subjects == kind for d in data.definitions)]
    found = [wording.count(len(_subjects(data, kind)), kind) for kind in kinds]
    return " and ".join(found) or "nobody"


def entered_lately(definition: DefinitionReport) -> int:
    """Different subjects that entered in the recent days."""
    return len(_changed(definition, "entered"))


def left_lately(definition: DefinitionReport) -> list[tuple[str, int]]:
    """Why different subjects left in the recent days, by the last time that each did: (reason, how many), the most
    frequent first."""
    return Counter(_changed(definition, "left").values()).most_common()


def changes_in_words(definition: DefinitionReport) -> str:
    """What happened in the recent days: "23 accounts entered. 8 accounts left: 5 by reaching the goal, 3 by ..".

    Subjects are counted, each once; where some did it several times, how many times is said beside it.
    """
    entered = _turned(definition, "entered")
    reasons = ", ".join(f"{n:,} {_LEFT.get(reason, reason)}" for reason, n in left_lately(definition))
    if not reasons:
        return f"{entered}; nobody left."
    return f"{entered}. {_turned(definition, 'left')}: {reasons}."


def _turned(definition: DefinitionReport, turn: str) -> str:
    """ "2 accounts entered (4 times altogether)"."""
    subjects, times = len(_changed(definition, turn)), sum(change.change == turn for change in definition.changes)
    often = f" ({times:,} times altogether)" if times > subjects else ""
    return f"{wording.count(subjects, definition.subjects)} {turn}{often}"


def _changed(definition: DefinitionReport, turn: str) -> dict[str, str]:
    """The different subjects that entered or left in the recent days, with the reason of the last time."""
    return {change.subject: change.reason for change in reversed(definition.changes) if change.change == turn}


def _subjects(data: ReportData, kind: str) -> set[str]:
    return {lead.subject for d in data.definitions if d.subjects == kind for lead in d.leads}


def _qualified_now(data: ReportData) -> Tile:
    total = sum(len(_subjects(data, kind)) for kind in ("account", "person"))
    defined = wording.count(len(data.definitions), "definition")
    return Tile("Qualified now", wording.number(total), f"{qualified_now(data)}, by {defined}")


def _entered_lately(data: ReportData) -> Tile:
    entered, left = (_different(data, turn) for turn in ("entered", "left"))
    note = f"different {_kinds(data)}; {left:,} left in the same time"
    return Tile(f"New in the last {data.recent_days} days", wording.number(entered), note)


def _different(data: ReportData, turn: str) -> int:
    """Different subjects over all definitions that entered or left in the recent days."""
    return len({(d.subjects, subject) for d in data.definitions for subject in _changed(d, turn)})


def _kinds(data: ReportData) -> str:
    kinds = [kind for kind in ("account", "person") if any(d.subjects == kind for d in data.definitions)]
    return " and ".join(map(wording.plural, kinds)) or "leads"


def _precision(definition: DefinitionReport) -> Tile:
    backtest = definition.backtest
    assert backtest
    return Tile(
        f"Reach the goal within {wording.days(backtest.horizon_days)}",
        wording.share(backtest.precision.value),
        _interval_words(backtest.precision, "followed to the end") + _others(backtest),
        _few(backtest.precision),
    )


def _others(backtest: Backtest) -> str:
    """Comparable others, beside those who were compared with them, if these are not all."""
    compared, noun = backtest.comparison, wording.plural(backtest.subjects)
    if not compared.is_enough:
        return ""
    controls = wording.share(compared.controls.value)
    if compared.matched == backtest.followed:
        return f" Comparable {noun}: {controls}."
    own = wording.share(compared.qualified.value)
    return f" Of {compared.matched:,} with others to compare: {own}, comparable {noun}: {controls}."


def _coverage(definition: DefinitionReport) -> Tile:
    backtest = definition.backtest
    assert backtest
    lead = backtest.coverage.lead_times.spans.median
    ahead = f" Half of them at least {wording.days(lead.value)} before." if lead.known else ""
    share = backtest.coverage.share
    return Tile(
        "Qualified before reaching the goal",
        wording.share(share.value),
        _interval_words(share, "that reached the goal") + ahead,
        _few(share),
    )


def _time_to_value(data: ReportData) -> list[Tile]:
    result = next((d.time_to_value for d in data.definitions if d.time_to_value), None)
    if not result or not result.curves:
        return []
    stage, curve = result.curves[0]
    label = f"Half {_VERBS.get(stage, stage)} within" if curve.median.known else f"{stage.capitalize()} so far"
    value = wording.days(curve.median.value) if curve.median.known else wording.share(curve.happened / max(1, curve.n))
    note = f"of the start, among {wording.count(curve.n, result.subjects)}"
    return [
        Tile(
            label,
            value,
            note if curve.median.known else f"of {wording.count(curve.n, result.subjects)}",
            wording.few(curve.n),
        )
    ]


def _few(estimate: Estimate) -> bool:
    return estimate.known and wording.few(estimate.n)


def _interval_words(estimate: Estimate, n_words: str) -> str:
    if not estimate.known:
        return "Nobody can be counted yet."
    return f"95 % interval {wording.share_range(estimate)}, from {estimate.n:,} {n_words}."
