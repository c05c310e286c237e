"""A row of a timeline before it is coded: a record, as it belongs to the history of a person, an account, or both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from fireflower.model.records import Kind


class Row(Struct, gc=False):
    """A row, in text.

    Attributes
    ----------
    person, account : whom it speaks of
    target : whose history it belongs to (`timeline.TO_PERSON`, `TO_ACCOUNT`)
    value : a trait's value, or a role
    properties : an event's, as they came
    block : where it lies in the timeline; -1 where that is not known
    order : its place in a history; rows that one record makes have one, and stay in their order
    number : the name by which it is found again
    """

    time: int
    kind: Kind
    name: str
    person: str | None
    account: str | None
    target: int
    value: Any
    received: int | None
    properties: Mapping[str, Any] = field(default_factory=dict)
    block: int = -1
    order: tuple[Any, ...] = ()
    number: int = -1

    def copy(self, target: int, block: int) -> Row:
        """The same row in another block."""
        return Row(
            self.time, self.kind, self.name, self.person, self.account, target, self.value, self.received,
            self.properties, block, self.order, self.number,
        )  # fmt: skip
