"""What has been worked out is worked out once, and never taken for what it is not."""

from __future__ import annotations

from typing import Any

import pytest

from fireflower.model import remembering
from fireflower.model.remembering import remembered, remembered_with_value


class Node:
    """Equal to every other, as conditions are that mean the same."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node)

    def __hash__(self) -> int:
        return 0


def test_each_object_is_worked_out_once() -> None:
    asked: list[str] = []

    @remembered
    def name(node: Node) -> str:
        asked.append(node.name)
        return node.name

    one, other = Node("one"), Node("other")
    assert [name(each) for each in (one, other, one, other)] == ["one", "other", "one", "other"]
    assert asked == ["one", "other"]


def test_values_that_are_equal_and_mean_something_else() -> None:
    asked: list[Any] = []

    @remembered_with_value
    def said(node: Node, value: Any) -> str:
        asked.append(value)
        return f"{node.name} {value}"

    one, values = Node("one"), (1.0, True, 1, None, 0.0, False)
    assert [said(one, each) for each in values * 2] == [f"one {each}" for each in values * 2]
    assert len(asked) == len(values)
    assert said(Node("other"), 1.0) == "other 1.0"
    assert said(one, [1.0]) == said(one, [1.0]) == "one [1.0]" and asked[-2:] == [[1.0], [1.0]]
    assert said(one, "ann") == said(one, "ann") == "one ann" and asked[-2:] == ["ann", "ann"]


def test_no_more_is_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "_MOST", 3)
    asked: list[float] = []

    @remembered_with_value
    def said(node: Node, value: float) -> float:
        asked.append(value)
        return value

    one = Node("one")
    for value in (1.0, 2.0, 3.0, 4.0, 1.0, 4.0):
        assert said(one, value) == value
    assert asked == [1.0, 2.0, 3.0, 4.0, 1.0]
