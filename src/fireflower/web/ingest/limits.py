"""How much one request, and one write key, may ask of the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fireflower.model.messages import AHEAD
from fireflower.model.moments import SECOND

DEEPEST = 100
"""How deep an event may be nested: no deeper than its properties may be for the readers."""

_MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request, and one write key, may ask.

    Attributes
    ----------
    body : bytes of a request's body, after decompression
    held : bytes of all bodies that are held at one time, as they came and after decompression
    events : events of one request
    patience : seconds until the whole body must have come
    ahead : span by which an event may lie after its receipt, once its sender's clock has been corrected
    rate : events a second for each write key, in the long run; 0 for no limit
    burst : events that a write key may send at once, on top of the rate
    """

    body: int = 20 << 20
    held: int = 256 << 20
    events: int = 20_000
    patience: float = 60.0
    ahead: int = AHEAD
    rate: float = 0.0
    burst: float = 10_000.0


class Room:
    """Room for the bodies of all requests together: many that are each within their limit are too much, too.

    Parameters
    ----------
    most : bytes
    """

    def __init__(self, most: int) -> None:
        self.left = most

    @contextmanager
    def held(self) -> Iterator[Held]:
        """What one request holds, until it has been answered."""
        held = Held(self)
        try:
            yield held
        finally:
            held.give_back()


class Held:
    """The bytes that one request holds."""

    def __init__(self, room: Room) -> None:
        self._room, self._bytes = room, 0

    def take(self, bytes: int) -> bool:
        """Hold more; False, and nothing taken, if there is no room for it."""
        if bytes > self._room.left:
            return False
        self._room.left -= bytes
        self._bytes += bytes
        return True

    def give_back(self) -> None:
        self._room.left += self._bytes
        self._bytes = 0


class Buckets:
    """A token bucket for each write key. A request may overdraw its bucket; the next one waits until that is made good.

    So a batch is never refused for its size, and nothing has to be read of a request that comes too early.
    """

    def __init__(self, limits: Limits) -> None:
        self._rate, self._burst = limits.rate, limits.burst
        self._tokens: dict[str, tuple[float, int]] = {}

    def wait(self, source: str, now: int) -> float:
        """Seconds until this source may send again; 0 if it may now."""
        if not self._rate:
            return 0.0
        tokens = self._filled(source, now)
        return 0.0 if tokens > 0 else (1.0 - tokens) / self._rate

    def take(self, source: str, events: int, now: int) -> None:
        """Count events that are about to be taken."""
        if self._rate:
            tokens = self._filled(source, now)
            if len(self._tokens) > _MOST_KEYS:
                self._tokens.clear()
            self._tokens[source] = (tokens - events, now)

    def _filled(self, source: str, now: int) -> float:
        tokens, then = self._tokens.get(source, (self._burst, now))
        return min(self._burst, tokens + max(0, now - then) / SECOND * self._rate)
