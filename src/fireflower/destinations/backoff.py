"""When a delivery is tried again, and when it is given up."""

from __future__ import annotations

from hashlib import sha256

from fireflower.destinations.deliveries import Dead, Retry
from fireflower.model.moments import HOUR, SECOND

FIRST = 15 * SECOND
"""The longest wait after the first try; it doubles with each further one."""
LONGEST = HOUR
PROMPT = 8
"""So many times a destination that asks to be tried again soon is."""
MOST_TRIES = 56
"""About a day: with waits of half an hour on average, a dozen tries would be over in the middle of the night."""


def next_try(attempts: int, outcome: Retry, key: str, now: int) -> int | Dead:
    """When to try again, or the end of it.

    The wait is drawn evenly from nothing to an exponentially growing limit ('full jitter'), so that deliveries that
    failed together are not tried together. It is drawn from the key: the same call gives the same moment. A destination
    that asks to wait is not asked sooner, but for waits longer than an hour, after which it can say so again. Where it
    asks for a short wait, it is believed a few times; then the drawn wait is kept, or a day's tries would be over in
    minutes.

    Parameters
    ----------
    attempts : tries made so far, this one included
    """
    if attempts >= MOST_TRIES:
        return Dead(f"given up after {attempts} tries; the last one: {outcome.reason}")
    wait = int(_fraction(key, attempts) * limit(attempts))
    if outcome.after is not None:
        asked = int(min(outcome.after, LONGEST / SECOND) * SECOND)
        soon = asked + wait % max(asked // 10, SECOND)
        wait = soon if attempts <= PROMPT else max(wait, soon)
    return now + max(wait, SECOND // 10)


def limit(attempts: int) -> int:
    """The longest wait after so many tries.

    >>> [limit(n) // SECOND for n in (1, 2, 3, 9, 10, 1000)]
    [15, 30, 60, 3600, 3600, 3600]
    """
    return min(FIRST << min(attempts - 1, 30), LONGEST)


def _fraction(key: str, attempts: int) -> float:
    """From 0 to below 1, evenly over keys and tries."""
    return int.from_bytes(sha256(f"{key}/{attempts}".encode()).digest()[:6]) / 2**48
