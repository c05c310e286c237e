"""From frames to the answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from fireflower.discover import rates
from fireflower.discover.ceiling import ceilings
from fireflower.discover.circles import Spoken, spoken
from fireflower.discover.frames import Frame
from fireflower.discover.leaks import Leak
from fireflower.discover.per_segment import per_segment
from fireflower.discover.power import power
from fireflower.discover.results import SHOWN, Adjusted, BaseRate, Discovery, LandmarkSummary, Power
from fireflower.discover.scorecards import scorecards
from fireflower.discover.segments import segments
from fireflower.discover.study import (
    CONFIRMED,
    FEW_BELOW,
    LEAST_HITS,
    LEAST_ROWS,
    SHORT_BELOW,
    SIGNIFICANT,
    Findings,
    Ground,
    Question,
    can_be_searched,
    findings,
    searched,
    summary,
)
from fireflower.discover.wording import often
from fireflower.model.moments import DAY
from fireflower.model.records import SubjectKind
from fireflower.review.words import percent

Advance = Callable[[int, int], None]
UNSTABLE = 0.5
"""A rehearsal that selects rows less like the rule's than this has found another rule."""

_LOOK_AHEAD = 0.03
_LEFT_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class Given:
    """What there is to be searched: frames, what each leaves out, what was left out of all of them, what looks wrong
    with the data; how long a silence counted as leaving in each frame (none: nobody can leave), and whether an event
    tells of leaving, too."""

    goal: str
    subjects: SubjectKind
    as_of: int | None
    frames: Sequence[Frame]
    before: Sequence[tuple[int, int]]
    naive: Sequence[float]
    left_out: tuple[Leak, ...]
    doubts: tuple[str, ...] = ()
    silence: Sequence[int] = ()
    churn: bool = False


@dataclass(frozen=True, eq=False)
class Answer:
    """The answer, and the landmark it was found at, of those that were searched."""

    discovery: Discovery
    ground: Ground | None
    grounds: Sequence[Ground] = ()


def answer(given: Given, question: Question, advance: Advance | None = None) -> Answer:
    """Search every landmark that has enough to be searched; say what was found at the best."""
    usable = [frame for frame in given.frames if can_be_searched(frame, question.horizon)]
    total, done = len(usable) * question.permutations, [0]

    def step() -> None:
        done[0] += 1
        if advance:
            advance(done[0], total)

    grounds, p = searched(usable, question, step)
    summaries = _summaries(given, grounds, question)
    if not grounds:
        return Answer(_too_few(given, summaries, question), None)
    ground = max(grounds, key=lambda each: each.standing)
    found = findings(ground, question, p)
    return _answered(given, question, summaries, grounds, ground, found, p)


def _summaries(given: Given, grounds: Sequence[Ground], question: Question) -> tuple[LandmarkSummary, ...]:
    by_frame = {id(ground.frame): ground for ground in grounds}
    silence = [span / DAY for span in given.silence] or [math.nan] * len(given.frames)
    each = zip(given.frames, given.naive, given.before, silence, strict=True)
    return tuple(
        summary(frame, by_frame.get(id(frame)), question.horizon, naive, before, idle)
        for frame, naive, before, idle in each
    )


def _answered(
    given: Given,
    question: Question,
    summaries: tuple[LandmarkSummary, ...],
    grounds: Sequence[Ground],
    ground: Ground,
    found: Findings,
    p: float,
) -> Answer:
    holds = bool(found.rules) and found.rules[0].grade != "unconfirmed"
    tried = sum(len(each.whole.board.terms) for each in grounds)
    train, test = ground.split.train, ground.split.test
    rows, hits = len(ground.followed), ground.frame.hits(ground.horizon)
    searches = min(len(each.chance.best) for each in grounds)
    tests = segments(found.followed, found.selected, question.horizon, _used(found)) if holds else ()
    discovery = Discovery(
        goal=given.goal,
        subjects=given.subjects,
        as_of=given.as_of,
        horizon_days=question.horizon / DAY if ground.frame.landmark is not None else math.nan,
        verdict="signal" if holds else "none",
        reason=_reason(found, question, p, holds, tried, searches),
        p=p,
        permutations=searches,
        tried=tried,
        landmark_days=math.nan if ground.frame.landmark is None else ground.frame.landmark / DAY,
        landmarks=summaries,
        rules=found.rules,
        rehearsal=found.rehearsal,
        singles=found.singles,
        stayed=found.stayed,
        scores=tuple(scorecards(ground, question)) if holds else (),
        ceilings=ceilings(train, test, question.horizon) if tried else (),
        left_out=given.left_out,
        power=tuple(_searchable(power(rows, hits, ground.chance.needed("1")), ground)) if tried else (),
        segments=tests,
        per_segment=per_segment(ground, found.best, tests, question) if holds and found.best else None,
        heat=(),
        hypothesis=None,
        cautions=(*_cautions(ground, found, summaries, holds), *given.doubts),
        next_steps=_next_steps(given, question, ground, holds),
        base=_base(ground),
        churn=given.churn,
    )
    discovery = replace(discovery, circles=_circles(ground, discovery))
    return Answer(discovery, ground, grounds)


def _base(ground: Ground) -> BaseRate:
    reached = ground.followed.reached(ground.horizon)
    return BaseRate(len(reached), int(reached.sum()), rates.share(reached, ground.followed.cluster))


def _circles(ground: Ground, found: Discovery) -> tuple[Spoken, ...]:
    """Of which circle everything that is printed speaks; of a table's columns nothing is known."""
    own = found.per_segment.rules if found.per_segment else ()
    rules = [*found.rules, *(single.rule for single in found.different[:SHOWN]), *(each.rule for each in own)]
    shown = [*(rule.parts for rule in rules), *(score.parts for score in found.scores)]
    names = {part.of for parts in shown for part in parts}
    return spoken(
        column.candidate for column in ground.frame.columns
        if column.candidate.of in names and column.candidate.quantity is not None
    )  # fmt: skip


def _used(found: Findings) -> frozenset[str]:
    return frozenset(part.of for part in found.rules[0].parts)


def _reason(found: Findings, question: Question, p: float, holds: bool, tried: int, searches: int) -> str:
    if not tried:
        return "there is nothing to compare them by: no event or trait that enough of them have, and enough have not"
    if holds:
        what = (
            "what it finds in the earlier data" if _is_rehearsed(found) else "the rule with bounds by the earlier data"
        )
        return (
            f"the whole search finds as much by chance in {often(p, searches)} of cases, and {what} held in the later"
        )
    if p > SIGNIFICANT or not found.rules:
        among = "" if question.per_week is None else f"of what at most {question.per_week:g} a week pass, "
        share = percent(p, whole=True)
        return f"{among}the best that was found is what chance finds, too, in {share} of searches as large"
    if found.rehearsal is None:
        return "in the earlier data alone nothing stands out, so nothing of it could be confirmed by the later"
    if _is_rehearsed(found):
        return "what stands out now is not what stood out in the earlier data alone, and did not hold in the later"
    return "what stands out in the earlier data did not hold in the later"


def _is_rehearsed(found: Findings) -> bool:
    """Whether what the search would have chosen on the earlier data held later."""
    return found.rehearsal is not None and found.rehearsal.later.p <= CONFIRMED


def _needed(hits: int) -> str:
    if hits < LEAST_HITS:
        return (
            f"at least {LEAST_HITS} are needed to look for anything, and {SHORT_BELOW} for rules of several conditions"
        )
    return f"at least {LEAST_ROWS} who could be followed are needed, so that there is somebody to compare them with"


def _too_few(given: Given, summaries: tuple[LandmarkSummary, ...], question: Question) -> Discovery:
    most = max((each.hits for each in summaries), default=0)
    table = given.as_of is None
    within = "" if table else " within the horizon after a landmark and could be followed"
    return Discovery(
        goal=given.goal, subjects=given.subjects, as_of=given.as_of,
        horizon_days=math.nan if table else question.horizon / DAY,
        verdict="too few", reason=f"{most} reached the goal{within}; {_needed(most)}",
        p=math.nan, permutations=0, tried=0, landmark_days=math.nan, landmarks=summaries, rules=(),
        rehearsal=None, singles=(), stayed=None, scores=(), ceilings=(), left_out=given.left_out, power=(),
        segments=(), heat=(), hypothesis=None, cautions=given.doubts, churn=given.churn,
        next_steps=("wait for more rows",) if table else (
            "wait for more, or name an earlier goal that more reach (a trial, an activation)",
            "try a longer --horizon, or other --landmarks",
        ),
    )  # fmt: skip


def _cautions(ground: Ground, found: Findings, summaries: Sequence[LandmarkSummary], holds: bool) -> tuple[str, ...]:
    said = []
    hits = ground.frame.hits(ground.horizon)
    if hits < SHORT_BELOW:
        said.append(
            f"only {hits} reached the goal in time: with fewer than {SHORT_BELOW}, only single conditions are "
            "searched. What is found whole only together with something else is not seen. Take this for a beginning."
        )
    elif hits < FEW_BELOW:
        said.append(
            f"only {hits} reached the goal in time: with fewer than {FEW_BELOW}, a rule of three conditions is found "
            "whole in about half of all cases. Take this for a beginning."
        )
    then = found.rehearsal
    if holds and then is not None and then.like < UNSTABLE:
        said.append(
            "the search is not settled yet: with the earlier data alone it would have chosen another rule, "
            f"{then.text}, which picks out others. Look at what does nearly as well, and search again when there is "
            "more."
        )
    said += [_looked_ahead(each) for each in summaries if _looks_ahead(each)]
    if holds and not _is_rehearsed(found):
        said.append(
            "what the search would have chosen on the earlier data alone did not hold in the later. The rule is given "
            "because it is far beyond chance and, with bounds by the earlier data, held itself; but its conditions "
            "were chosen on all data. Watch whether it goes on to hold."
        )
    equal = found.rules[0].adjusted if holds else None
    if equal is not None and not equal.holds:
        said.append(_little(equal))
    return tuple(said)


def _little(equal: Adjusted) -> str:
    """What it means that a rule does not hold with everything else held equal."""
    use = "Use it to choose whom to talk to, not what to push people to do."
    if equal.is_little:
        return (
            "with everything else that was measured held equal, little is left of the first rule: it may be a sign of "
            f"being active, not a reason to buy. {use}"
        )
    return (
        "whether anything is left of the first rule with everything else that was measured held equal cannot be told "
        f"yet: the interval is too wide, or those with it are too unlike all others. {use}"
    )


def _looks_ahead(each: LandmarkSummary) -> bool:
    everybody = each.at_risk + each.left_before + each.reached_before
    early = (each.left_before + each.reached_before) / everybody if everybody else 0.0
    return early >= _LEFT_SHARE and each.naive_auc - each.auc >= _LOOK_AHEAD


def _looked_ahead(each: LandmarkSummary) -> str:
    return (
        f"who had left or bought before day {each.age_days:g} is not looked at there: {each.left_before:,} had left "
        f"and {each.reached_before:,} had reached the goal by then, which itself cuts short or feeds what they did. "
        f"Over everybody the best single signal seems to have an AUC of {each.naive_auc:.3f}; over those who could "
        f"still reach it, {each.auc:.3f}. Only the latter was used."
    )


def _are(kinds: int) -> str:
    return "is 1 kind of events" if kinds == 1 else f"are {kinds} kinds of events"


def _searchable(powers: Iterable[Power], ground: Ground) -> Iterator[Power]:
    """Without conditions that too many pass for a capacity, which were not looked at."""
    most, rows = ground.whole.most, len(ground.whole.board.frame)
    return (each for each in powers if most is None or each.share * rows <= most)


def _next_steps(given: Given, question: Question, ground: Ground, holds: bool) -> tuple[str, ...]:
    if holds:
        return ()
    steps = []
    if question.per_week is not None:
        steps.append("ask without a capacity: what more pass than can be worked was not looked at")
    if given.as_of is None:
        return ("add columns with what was known of each lead before anybody worked on it", "come back with more rows")
    events = {column.candidate.of for column in ground.frame.columns if column.candidate.vocabulary != "fit"}
    events -= {"any", "members"}
    traits = {column.candidate.of for column in ground.frame.columns if column.candidate.vocabulary == "fit"}
    if len(events) < 15:
        steps.append(f"record more of what people do: there {_are(len(events))} beside start and goal")
    if not traits:
        steps.append("import who they are (company size, plan, country): there are no traits of the subjects")
    if given.subjects == "person":
        steps.append("where people buy together, import their accounts and ask about these (--subject account)")
    if ground.frame.hits(ground.horizon) < 250:
        steps.append("come back with more goals: 250 find most rules that triple the rate")
    steps.append("name an earlier or a clearer goal, or another horizon")
    return tuple(steps)
