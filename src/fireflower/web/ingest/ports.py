"""What the ingest endpoint needs of others."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Protocol

from fireflower.model.messages import Message, Reject, Said


class Sink(Protocol):
    """Where messages become durable."""

    def expect_room(self) -> None:
        """Asked as soon as it is known who sends a request, so that what is refused costs little.

        Raises
        ------
        Overloaded
            If more comes than it can take: the client is told to come again.
        """
        ...

    def accept(self, messages: Sequence[Message], rejects: Sequence[Reject], said: Said) -> Awaitable[int]:
        """Make them durable; gives how many messages were new, once they are.

        Parameters
        ----------
        said : what the messages say, as far as it is known

        Raises
        ------
        Unavailable
            If it can take nothing until a person has mended what the text names.
        """
        ...


class Keys(Protocol):
    """The write keys of a project."""

    def source(self, key: str) -> str | None:
        """The name of a write key; None if it is none."""
        ...

    def instead(self, key: str) -> str:
        """What a key is that is no write key, in words: "the token 'x' is of the scope read"; "" if nothing."""
        ...
