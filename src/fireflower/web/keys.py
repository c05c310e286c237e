"""The write keys by which clients are let in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.tokens import Accepted, Tokens, matching

_BELIEVED = 1.0
"""Seconds for which write keys are believed before they are looked up again: so late is one revoked."""
_ANSWERS = 2.0
"""Seconds that the database has to say which write keys there are."""


class _Connecting(Protocol):
    """What has a database."""

    @property
    def connect(self) -> Callable[[], Database]: ...


class WriteKeys:
    """The write keys of a project, looked up now and then: in a thread, as the database may not answer."""

    def __init__(self, service: _Connecting) -> None:
        self._tokens = Tokens(service.connect())
        self._accepted = self._tokens.accepted()
        self._known: dict[str, Accepted] = {}
        self._looked = self._begun = float("-inf")
        self._looking: asyncio.Future[None] | None = None

    async def look_up(self) -> None:
        """Look them up if that is some time ago. While the database does not answer, those that were accepted before go
        on being accepted."""
        now = time.monotonic()
        if now - self._looked <= _BELIEVED:
            return
        if self._looking is None or self._looking.done():
            self._looking, self._begun = asyncio.ensure_future(asyncio.to_thread(self._look)), now
        await asyncio.wait((self._looking,), timeout=max(0.0, self._begun + _ANSWERS - now))

    def source(self, key: str) -> str | None:
        """The name of a write key; None if it is none."""
        found = self._found(key)
        return found.name if found is not None and found.scope == "write" else None

    def instead(self, key: str) -> str:
        """What a key is that is no write key; "" if nothing."""
        found = self._found(key)
        return "" if found is None else f"the token {found.name!r} is of the scope {found.scope}"

    def _look(self) -> None:
        with suppress(StorageError):
            self._accepted = self._tokens.accepted()
            self._known = {}
        self._looked = time.monotonic()

    def _found(self, key: str) -> Accepted | None:
        known = self._known  # of the accepted ones of now, or of before: never of before under those of now
        found = known.get(key)
        if found is None and (found := matching(key, self._accepted)) is not None:
            known[key] = found
        return found
