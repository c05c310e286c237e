"""Numbers, shares, moments and spans as people read them; in the same words as the review's sentences."""

from __future__ import annotations

from math import isinf, isnan

from fireflower.model.moments import DAY, to_datetime
from fireflower.review import words
from fireflower.review.intervals import Estimate
from fireflower.review.wording import FEW

UNKNOWN = "–"
_TIGHT = "\N{NO-BREAK SPACE}"


def number(value: float) -> str:
    """Three digits at least, thousands apart, no needless zeros.

    >>> number(12345), number(2.50), number(0.0412), number(float("nan"))
    ('12,345', '2.5', '0.0412', '–')
    """
    if isnan(value) or isinf(value):
        return UNKNOWN
    if value == int(value):
        return f"{int(value):,}"
    decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 4
    return f"{value:,.{decimals}f}".rstrip("0").rstrip(".") if decimals else f"{value:,.0f}"


def per_week(value: float) -> str:
    """A weekly mean, with its one digit even where that is 0."""
    return UNKNOWN if isnan(value) else f"{value:,.1f}"


def share(value: float) -> str:
    """A share, with a space that does not break: "41.4 %"."""
    return UNKNOWN if isnan(value) else words.percent(value).replace(" ", _TIGHT)


def round_share(value: float) -> str:
    """A share on an axis: "40 %"."""
    return f"{100 * value:g}{_TIGHT}%"


def share_range(estimate: Estimate) -> str:
    """The interval of a share, "36.1 to 46.0 %"; "" where it is unknown."""
    if not estimate.known:
        return ""
    return f"{share(estimate.low).removesuffix(_TIGHT + '%')} to {share(estimate.high)}"


def days(value: float) -> str:
    """A length of time given in days, in the unit in which one would say it: "3.2 days", "9 hours"."""
    if isnan(value) or isinf(value):
        return UNKNOWN
    return words.days(value).replace(" ", _TIGHT) if value else "at once"


def unbroken(words: str) -> str:
    """An amount with its unit, with spaces that do not break: "9.96 days", "89.96 %"."""
    return words.replace("%", " %").replace(" ", _TIGHT)


def day(moment: int | None) -> str:
    """The calendar day in UTC: "5 Mar 2026"."""
    return UNKNOWN if moment is None else _date(moment, f"%b{_TIGHT}%Y")


def short_day(moment: int) -> str:
    """The calendar day without its year: "5 Mar"."""
    return _date(moment, "%b")


def day_and_time(moment: int | None) -> str:
    """The minute in UTC: "5 Mar 2026, 14:30 UTC"."""
    return UNKNOWN if moment is None else _date(moment, "%b %Y, %H:%M UTC")


def month(moment: int) -> str:
    """The month in UTC: "Mar 2026"."""
    return f"{to_datetime(moment):%b %Y}"


def _date(moment: int, rest: str) -> str:
    value = to_datetime(moment)
    return f"{value.day}{_TIGHT}{value.strftime(rest)}"


def iso(moment: int) -> str:
    """For the `datetime` attribute of <time>."""
    return f"{to_datetime(moment):%Y-%m-%dT%H:%MZ}"


def ago(moment: int, as_of: int) -> str:
    """How long a thing has lasted, in whole days: "today", "1 day", "12 days"."""
    passed = (as_of - moment) // DAY
    return "today" if passed <= 0 else count(passed, "day")


def few(n: int) -> bool:
    """Whether a figure rests on so few subjects that the page must say so beside it."""
    return n < FEW


def count(amount: int, noun: str) -> str:
    """A number with its noun in the plural where needed.

    >>> count(1, "account"), count(2140, "account"), count(2, "person")
    ('1 account', '2,140 accounts', '2 people')
    """
    return f"{amount:,} {noun if amount == 1 else plural(noun)}"


def plural(noun: str) -> str:
    return "people" if noun == "person" else f"{noun}s"
