"""The answer in words that a sales leader can use."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from fireflower.discover.choosing import SAME
from fireflower.discover.circles import block
from fireflower.discover.results import (
    ENOUGH,
    SHOWN,
    BaseRate,
    Discovery,
    HypothesisFound,
    LandmarkSummary,
    Measured,
    Part,
    Rehearsal,
    RuleFound,
    ScoreFound,
    SegmentTest,
    Single,
    Stayed,
    Threshold,
)
from fireflower.discover.study import CONFIRMED, LEAST_HITS, LEAST_ROWS, SHORT_BELOW, SIGNIFICANT
from fireflower.language.nodes import CIRCLES
from fireflower.model.moments import to_datetime
from fireflower.review.intervals import Estimate
from fireflower.review.words import PLURAL, count, days, percent, percent_range, times

_NOTHING_MORE = 1.05
"""An E-value below this says no more than 1 does."""
_BOUNDS = 6
_CLEAR = 2.0
"""Nats by which a change must tell more on the later rows to be more than luck: about one in twenty by chance."""
GRADES = {
    "unconfirmed": "not confirmed",
    "predictive": "predictive: it held on later data; it need not be the cause",
    "adjusted": "adjusted: it held on later data, with everything else that was measured held equal, too; only an "
    "experiment can show more",
}


CONFIRM = (
    "Which circle a thing speaks for is a guess where there is a question mark: move lines to where they belong, and "
    "copy this into fireflower.yaml"
)

RULE, NEARLY, SINGLES, EVERYWHERE = "The rule", "Nearly as good", "Single signals", "Does it hold everywhere?"
Section = tuple[str, Iterable[str]]


def sentences(found: Discovery) -> Iterator[str]:
    """The answer, line by line."""
    yield title(found)
    yield ""
    yield from verdict(found)
    for name, lines in sections(found):
        yield ""
        yield name
        yield from (f"  {line}" for line in lines)
    name, lines = circles(found)
    if lines:
        yield ""
        yield name
        yield from (f"  {line}" for line in lines)


def sections(found: Discovery) -> list[Section]:
    """What follows the verdict, each part with its title; those that have nothing to say are left out."""
    signal = found.verdict == "signal"
    compared: Section = ("Who could be compared", [_landmark(each, found) for each in found.landmarks])
    every: list[Section] = [] if signal else [compared]
    if signal:
        every += [
            (RULE, _rule(found.rules[0], found)),
            (NEARLY, _nearly(found.rules[0], found.rules[1:])),
            *((name_of_score(i), _score(score, found)) for i, score in enumerate(found.scores)),
        ]
    if found.hypothesis is not None:
        every.append((f"Your own definition: {found.hypothesis.name}", _hypothesis(found.hypothesis, found)))
    why = not_enough(found)
    every.append((SINGLES, [*([why] if why else []), *(_single(single) for single in found.different[:SHOWN])]))
    if found.stayed is not None and signal:
        every.append(("Beside it, only for comparison", [_stayed(found.stayed)]))
    every += [
        ("How much simplicity costs", _ceilings(found)),
        (EVERYWHERE, _segments(found.segments)),
        ("Rules of their own", _per_segment(found)),
        *([compared] if signal else []),
        ("Left out", [f"{leak.name}: {leak.reason}." for leak in found.left_out]),
        ("Be careful", found.cautions),
        ("What to do next", _next(found)),
    ]
    written = [(name, list(lines)) for name, lines in every]
    return [(name, lines) for name, lines in written if lines]


def _nearly(first: RuleFound, others: Sequence[RuleFound]) -> Iterator[str]:
    yield from map(_short, others)
    if any(_seems_better(other, first) for other in others):
        yield (
            "Where one of these has a higher rate and more of the goals than the rule: no more than chance may do. "
            "Rules are chosen by goals within up to twice the time, compared within stretches of the calendar, and the "
            "simplest that is as good as any is taken. Take the one that you can act on."
        )


def _seems_better(other: RuleFound, first: RuleFound) -> bool:
    pairs = [(other.seen.inside.value, first.seen.inside.value), (other.coverage.value, first.coverage.value)]
    return all(one >= two for one, two in pairs) and any(one > two for one, two in pairs)


def _stayed(found: Stayed) -> str:
    return (
        f"that one was there at all, whatever one did: {found.text}: {_pair(found.seen)}. Whoever stays can buy, so "
        "this says little."
    )


def title(found: Discovery) -> str:
    if math.isnan(found.horizon_days):
        return (
            f"What predicts {found.goal}? A table, one row a lead: landmarks do not apply, and nothing says what came "
            "first."
        )
    return (
        f"What predicts {found.goal}? About {PLURAL[found.subjects]}, within {days(found.horizon_days)} after "
        "a landmark."
    )


def verdict(found: Discovery) -> Iterator[str]:
    if found.verdict == "too few":
        yield f"Too few to say anything: {found.reason}."
        return
    if found.verdict == "signal":
        yield f"There is a signal: {found.reason} ({found.permutations} searches on shuffled outcomes)."
    else:
        yield f"There is no reliable signal here: {found.reason}."
    if found.base is not None:
        yield _base(found.base, found)
    if found.tried:
        yield _tried(found)
    if found.verdict == "none":
        yield from _power(found)


def _base(base: BaseRate, found: Discovery) -> str:
    """Beside which every other rate is to be read."""
    if math.isnan(found.landmark_days):
        return f"Of {base.rows:,} rows, {base.hits:,} ({percent(base.share.value)}) reached the goal: the base rate."
    return (
        f"Of {count(base.rows, found.subjects)} at risk on day {found.landmark_days:g} (that could be followed for "
        f"{days(found.horizon_days)}), {base.hits:,} ({percent(base.share.value)}) reached the goal within "
        f"{days(found.horizon_days)}: the base rate."
    )


def often(p: float, searches: int) -> str:
    """How often chance does as well. Where it did in none of the searches, that is a bound, not a share."""
    if p * (1 + searches) <= 1 + 1e-9:
        return f"at most {math.ceil(1000 * p - 1e-9) / 10:g} %"
    return percent(p)


def _tried(found: Discovery) -> str:
    """How many conditions were looked at, where, and whether together."""
    number = _counted(found.tried, "condition")
    searched = [each for each in found.landmarks if _why_not_searched(each) is None]
    together = [each for each in searched if each.hits >= SHORT_BELOW]
    at = "" if math.isnan(found.horizon_days) else f", at {_counted(len(searched), 'landmark')}"
    if not together:
        return (
            f"{number} were tried, each by itself only{at}: with fewer than {SHORT_BELOW} goals, chance finds "
            "combinations that look as good as true ones."
        )
    if len(together) < len(searched):
        where = f"at the {len(together)} with at least {SHORT_BELOW} goals"
        return f"{number} were tried alone{at}, and together {where}."
    return f"{number} were tried, alone and together{at}."


def _why_not_searched(each: LandmarkSummary) -> str | None:
    if each.hits < LEAST_HITS:
        return f"not searched, as there are fewer than {LEAST_HITS} goals"
    if each.followed < LEAST_ROWS:
        return f"not searched, as fewer than {LEAST_ROWS} could be followed"
    return None


def _conditions(each: LandmarkSummary) -> str:
    if each.conditions:
        return _counted(each.conditions, "condition")
    return _why_not_searched(each) or "no condition that enough pass and enough do not"


def not_enough(found: Discovery) -> str | None:
    """Why single signals with a small q make no answer, where they do not."""
    if found.verdict != "none" or not any(single.q <= SIGNIFICANT for single in found.different[:SHOWN]):
        return None
    if found.p > SIGNIFICANT:
        return (
            "A small q is not enough here. It compares one signal with chance at this landmark; but what stands out "
            "must stand out from the best that chance finds in the whole search, at all landmarks, and it does not."
        )
    return (
        "A small q is not enough here. It tells that a signal stands out from chance among the very data that were "
        "searched; but what stands out must hold in the later data, too, and it did not."
    )


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _power(found: Discovery) -> Iterator[str]:
    seen = [
        f"{times(each.lift)} times for one that {percent(each.share)} pass"
        for each in found.power
        if math.isfinite(each.lift)
    ]
    if seen:
        yield f"Four times out of five it would have seen a condition that raises the rate {', '.join(seen)}."


def _landmark(each: LandmarkSummary, found: Discovery) -> str:
    if math.isnan(each.age_days):
        return f"{each.at_risk:,} rows, {each.hits:,} of which reached the goal; {_conditions(each)}"
    mark = " <- the rule is from here" if each.age_days == found.landmark_days and found.verdict == "signal" else ""
    return (
        f"day {each.age_days:g}: {count(each.at_risk, found.subjects)} could still reach the goal "
        f"({each.reached_before:,} had, "
        f"{each.left_before:,} had left{_how(each, found)}); {each.hits:,} of the {each.followed:,} followed did in "
        f"time; {_conditions(each)}{mark}"
    )


def _how(each: LandmarkSummary, found: Discovery) -> str:
    """What it means that somebody had left."""
    if not each.left_before or math.isnan(each.silence_days):
        return ""
    silence = f"done nothing for {days(each.silence_days)}"
    return f", by the event of --churn or as they had {silence}" if found.churn else f", that is, {silence}"


def _pair(measured: Measured) -> str:
    return f"of those with it {percent_of(measured.inside)}, of those without {percent_of(measured.outside)}"


def percent_of(estimate: Estimate) -> str:
    if not estimate.known:
        return "(nobody)"
    return f"{percent(estimate.value)} ({percent_range(estimate.low, estimate.high)})"


def _rule(rule: RuleFound, found: Discovery) -> Iterator[str]:
    yield from _formula(rule, found)
    if rule.said != rule.text:
        yield f"In words: {rule.said}."
    yield from facts(rule, found)


def facts(rule: RuleFound, found: Discovery) -> Iterator[str]:
    """What is known of a rule."""
    within = "" if math.isnan(found.horizon_days) else f" within {days(found.horizon_days)}"
    yield (
        f"Of{_pair(rule.seen).removeprefix('of')} reached the goal{within}: {_times(rule.seen.lift)}. With the luck "
        f"of the best of many taken off, expect {percent(rule.expected.value)}."
    )
    if found.rehearsal is not None:
        yield _rehearsal(found.rehearsal)
    if rule.later is not None and (found.rehearsal is None or found.rehearsal.like < SAME):
        yield (
            f"The rule itself, with bounds by the earlier data: later, {_pair(rule.later)} reached the goal: "
            f"{_times(rule.later.lift)}."
        )
    yield f"It had picked out {percent_of(rule.coverage)} of those who reached the goal.{_volume(rule)}"
    what = "single condition" if len(rule.parts) == 1 else "rule of as many conditions"
    yield f"Chance finds a {what} that tells as much in {often(rule.p_chance, found.permutations)} of searches."
    yield f"Grade {GRADES[rule.grade]}{_no_order(rule, found)}."
    if rule.adjusted is not None:
        yield (
            f"Held equal: {_counted(rule.adjusted.covariates, 'other measure')}. Then the rate is "
            f"{times(rule.adjusted.ratio.value)} times (95 % interval "
            f"{times(rule.adjusted.ratio.low)} to {times(rule.adjusted.ratio.high)}); "
            f"{_explained(rule.adjusted.e_value)}."
        )
    if rule.name:
        yield f"Written as the definition {rule.name}.{_to_test(rule.name, found)}"


def _to_test(name: str, found: Discovery) -> str:
    if not found.has_goal:
        return ""
    return (
        f" 'fireflower backtest {name}' follows everybody from the moment they enter it, at whatever age, so its "
        "figures are others."
    )


def _no_order(rule: RuleFound, found: Discovery) -> str:
    """A table knows of no before and after."""
    if found.as_of is not None or rule.grade == "unconfirmed":
        return ""
    return ". But whether it was there before the goal, a table does not say: later means later rows"


def _explained(e_value: float) -> str:
    if e_value < _NOTHING_MORE:
        return "nothing more is needed to explain it away, as the interval reaches 1"
    return f"something unmeasured would have to go along {times(e_value)}-fold with both to explain it away"


def _rehearsal(then: Rehearsal) -> str:
    known = (
        "with the earlier rows alone" if then.at is None else f"with what was known on {to_datetime(then.at):%d %B %Y}"
    )
    rule = then.text if then.like < SAME else "the same" if then.like == 1 else "nearly the same"
    return (
        f"Rehearsed: {known}, the search would have chosen {rule}. Later, {_pair(then.later)} reached the goal: "
        f"{_times(then.later.lift)}."
    )


def _formula(rule: RuleFound, found: Discovery) -> Iterator[str]:
    for i, part in enumerate(rule.parts):
        joint = "" if i == 0 else "or " if rule.any else "and "
        yield f"{joint}{part.text}{_circle(part, found)}"


def _circle(part: Part, found: Discovery) -> str:
    """Nothing where no circle is known of anything: in a table whose columns are nobody's traits."""
    return f"   [{part.circle}{'' if part.declared else '?'}]" if found.circles else ""


def circles(found: Discovery) -> Section:
    """`circles:` to be copied, with a title that says what to do with it; no lines where nothing is left to confirm."""
    guessed = any(not each.declared for each in found.circles)
    lines = block(found.circles) if found.verdict == "signal" and guessed else []
    return CONFIRM, lines


def _times(lift: Estimate) -> str:
    if not lift.known:
        return "how many times as often cannot be said"
    high = times(lift.high) if math.isfinite(lift.high) else "any"
    return f"{times(lift.value)} times as often (95 % interval {times(lift.low)} to {high})"


def _volume(rule: RuleFound) -> str:
    if math.isnan(rule.per_week):
        return ""
    lead = f", {days(rule.lead_days)} before the goal (median)" if not math.isnan(rule.lead_days) else ""
    return f" {rule.per_week:.1f} a week pass it{lead}."


def _short(rule: RuleFound) -> str:
    return f"{rule.text}: {_pair(rule.seen)}; picks out {percent(rule.coverage.value)} of the goals"


def _single(single: Single) -> str:
    rule = single.rule
    sure = "q below 0.001" if single.q < 0.0005 else f"q = {single.q:.3f}"
    return f"{rule.text}: {_pair(rule.seen)}; picks out {percent(rule.coverage.value)} of the goals; {sure}"


def name_of_score(number: int) -> str:
    return "The score" if number == 0 else f"Another score, nearly as good: {number}"


def _score(score: ScoreFound, found: Discovery) -> Iterator[str]:
    for part in score.parts:
        yield f"{part.points:+3d}  {part.text}{_circle(part, found)}"
    if len(score.by_circle) > 1:
        yield f"At most, of {sum(score.by_circle.values())} points: {_by_circle(score)}."
    for at in thinned(score):
        week = "" if math.isnan(at.per_week) else f", {at.per_week:.1f} a week"
        mark = " <- the bound to take" if at.bound == score.chosen else ""
        share = f"From {at.bound:g}: {percent_of(at.share)} reached the goal"
        yield f"{share}; {percent(at.coverage)} of the goals{week}{mark}"
    yield from judged(score, found)
    if judged_like(score, found) is None and score.later_hits >= LEAST_HITS:
        groups = [f"{percent(each.foretold)} foretold, {percent(each.came.value)} came" for each in score.calibration]
        yield f"Calibration of that one: {'; '.join(groups)}."
    if score.name:
        yield f"Written as the definition {score.name}."


def judged(score: ScoreFound, found: Discovery) -> Iterator[str]:
    """How far the score can be trusted, and that this was found out by another: its own rows cannot judge it."""
    lines = ", ".join(f"{part.points:+d} {part.text}" for part in score.judged)
    first = judged_like(score, found)
    if first is not None:
        like = "the first" if first == 0 else f"number {first}"
        yield f"Judged like {like}: of the earlier data alone, the same score would have been made for both ({lines})."
        return
    same = [part.text for part in score.judged] == [part.text for part in score.parts]
    lines = f"the same conditions ({lines})" if same else f"other lines ({lines})"
    yield (
        f"It was made of all data, so it is judged by one made in the same way of the earlier data alone: {lines}. On "
        f"the later data, {_counted(score.later_hits, 'goal')} among {_counted(score.later_rows, 'row')}, that one "
        f"puts who reaches the goal above who does not in {percent(score.auc.value)} of pairs (AUC "
        f"{score.auc.value:.3f}, {score.auc.low:.3f} to {score.auc.high:.3f})."
    )
    if not score.auc.low > 0.5:
        yield "That may be chance: 0.5 would be no order at all. Do not rest on this score yet."


def judged_like(score: ScoreFound, found: Discovery) -> int | None:
    """The number of the first of the scores before this one that is judged by the very same lines; None for none."""
    before = found.scores[: found.scores.index(score)]
    return next((number for number, other in enumerate(before) if other.judged == score.judged), None)


def _by_circle(score: ScoreFound) -> str:
    return ", ".join(f"{score.by_circle[circle]} for {circle}" for circle in CIRCLES if circle in score.by_circle)


def thinned(score: ScoreFound) -> list[Threshold]:
    """A few of a score's bounds, the chosen one among them."""
    count = len(score.thresholds)
    step = max(1, -(-count // _BOUNDS))
    return [at for i, at in enumerate(score.thresholds) if i % step == 0 or at.bound == score.chosen]


def _ceilings(found: Discovery) -> Iterator[str]:
    for each in found.ceilings:
        yield (
            f"{each.method}: AUC {each.auc.value:.3f} ({each.auc.low:.3f} to {each.auc.high:.3f}), log loss "
            f"{each.log_loss:.4f}"
        )
    for score in found.scores[:1]:
        size = _counted(len(score.judged), "line")
        yield (
            f"the score, made of the earlier data alone, {size}: AUC {score.auc.value:.3f}, log loss "
            f"{score.log_loss:.4f}"
        )


def _segments(tests: tuple[SegmentTest, ...]) -> Iterator[str]:
    for test in tests:
        said = "NO, it is worth more in some parts" if test.differs else "no difference that is more than chance"
        p = "below 0.001" if test.p < 0.001 else f"= {test.p:.3f}"
        yield f"by {test.by}: {said} (p {p})"
        for row in test.rows if test.differs else ():
            yield f"  {row.part}: {_pair(row.measured)}"


def _per_segment(found: Discovery) -> Iterator[str]:
    parts = found.per_segment
    if parts is None:
        return
    if not parts.searched:
        yield f"There are too few goals to search the parts by {parts.by} by themselves."
        return
    yield f"Searched by themselves, by {parts.by}: {', '.join(parts.searched)}."
    for own in parts.rules:
        none = own.general.inside_rows in (0, own.general.rows)
        beside = "The rule above says nothing here" if none else f"By the rule above, {_pair(own.general)}"
        name = f" Written as the definition {own.rule.name}." if own.rule.name else ""
        yield f"{own.part}: {own.rule.text}: {_pair(own.rule.seen)}. {beside}.{name}"
    if len(parts.rules) < len(parts.searched):
        rest = "none of them" if not parts.rules else "no other"
        yield f"The data supports a rule of its own for {rest}."


def _hypothesis(own: HypothesisFound, found: Discovery) -> Iterator[str]:
    yield own.text
    yield from _own_verdict(own, found)
    if own.seen.inside_rows < ENOUGH:
        return
    yield f"On later data: {_pair(own.later)}: {_times(own.later.lift)}."
    if not own.changes:
        yield "No single change of it tells clearly more on the earlier data."
        return
    yield (
        "Single changes that tell more of who reaches the goal (rate and share of the goals together) on the earlier "
        "data, by which they were chosen, and what they give on the later (as it is: earlier "
        f"{_inside(own.earlier)}; later {_inside(own.later)}):"
    )
    for change in own.changes:
        better = (
            "does not tell more there" if change.later_gain <= 0
            else "tells more there, too" if change.later_gain >= _CLEAR
            else "tells a little more there, which may be luck"
        )  # fmt: skip
        figures = f"earlier {_inside(change.earlier)}; later {_inside(change.later)}"
        yield f"  {change.what}: {change.part}: {figures}: {better}"
    if all(change.later_gain <= 0 for change in own.changes):
        yield "None of these changes tells more on the later data, too: there is no reason yet to change it."


def _own_verdict(own: HypothesisFound, found: Discovery) -> Iterator[str]:
    """What it is worth, beside what was found."""
    day = f"{own.landmark_days:g}"
    if own.seen.inside_rows < ENOUGH:
        yield (
            f"Only {count(own.seen.inside_rows, found.subjects)} of {own.seen.rows:,} pass it by day {day}, too few to "
            "judge it at that age. Ask at a later one (--landmarks), at which its windows are full; what it is worth "
            "from entry on, at whatever age, tells 'fireflower backtest'."
        )
        return
    elsewhere = own.landmark_days != found.landmark_days
    if elsewhere:
        yield f"By day {found.landmark_days:g} hardly anybody passes it, so it is judged on day {day}."
    yield f"{_told(own)}: of those with it {_worth(own.seen.inside, own.coverage, own.per_week)}."
    if found.verdict == "signal" and not elsewhere:
        rule = found.rules[0]
        worth = _worth(rule.seen.inside, rule.coverage, rule.per_week)
        yield (
            f"Beside it, of those with the rule that was found {worth}; with the luck of the best of many taken off, "
            f"expect {percent(rule.expected.value)}."
        )
    if found.base is not None and not elsewhere:
        yield f"Of all, {percent(found.base.share.value)} reached it."


def _told(own: HypothesisFound) -> str:
    if own.seen.p > SIGNIFICANT:
        return "It cannot be told from chance"
    if own.later.p > CONFIRMED:
        return "Over all of the data it goes along with the goal, but in the later part alone that is not confirmed"
    return "It foretells the goal"


def _worth(share: Estimate, covered: Estimate, per_week: float) -> str:
    return f"{percent_of(share)} reached the goal, {percent(covered.value)} of the goals, {per_week:.1f} a week"


def _inside(measured: Measured) -> str:
    return f"{percent_of(measured.inside)}, {measured.inside_hits:,} of {_counted(measured.hits, 'goal')}"


def _next(found: Discovery) -> Iterator[str]:
    yield from found.next_steps
    if found.files:
        test = " and 'fireflower backtest'" if found.has_goal else ""
        yield f"Read the files that were written and put each line into its circle; then 'fireflower check'{test}."
        if found.as_of is not None:
            yield (
                "Work those who have just entered: what was measured is what they do in the "
                f"{days(found.horizon_days)} after. 'fireflower qualify' lists the latest first."
            )
    if found.verdict == "signal" and found.as_of is None:
        yield "Ask of every line when it was filled in: what came with the goal, or after it, foretells nothing."
    elif found.verdict == "signal":
        yield "This foretells; it does not show that making people do it would make them buy. Only an experiment would."
