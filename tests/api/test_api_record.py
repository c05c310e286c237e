"""Who is qualified, and the record of transitions with what takes them back."""

from __future__ import annotations

from api.serving import Served
from fireflower.model.moments import DAY, HOUR, MINUTE
from fireflower.web.api.cursors import cursor_of


def qualify(serving: Served, *people: str) -> None:
    for number, person in enumerate(people):
        serving.send({"type": "identify", "userId": person, "traits": {"plan": "pro"}, "ago": 6 * DAY})
        serving.did("Report Run", person, ago=2 * DAY + number * MINUTE)
        serving.did("Report Run", person, ago=HOUR + number * MINUTE)
    serving.settle()


def test_pages_of_the_qualified(serving: Served) -> None:
    qualify(serving, *(f"p{number}" for number in range(7)))
    seen, cursor = [], None
    while True:
        asked = {"definition": "active", "limit": 3} | ({"cursor": cursor} if cursor else {})
        page = serving.get("/api/v1/qualified", **asked)
        seen += page["qualified"]
        if (cursor := page["next"]) is None:
            break
    assert [lead["subject"] for lead in seen] == [*(f"p{number}" for number in range(7)), "ann"]
    assert seen == sorted(seen, key=lambda lead: lead["since"], reverse=True)
    assert seen[0]["evidence"][0]["tipped_by"] == "'Report Run' of p0"


def test_a_definition_that_is_not_there(reading: Served) -> None:
    found = reading.get("/api/v1/qualified", 404, definition="teem")
    assert found["message"] == "no definition is named 'teem'. Did you mean 'team'?"


def test_a_cursor_that_was_not_given(reading: Served) -> None:
    for cursor in ("x", "AAAA", "!!", "WzEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIsImEiXQ"):
        assert reading.get("/api/v1/qualified", 400, definition="team", cursor=cursor)["code"] == "bad_cursor"


def test_a_page_may_end_with_any_id(reading: Served) -> None:
    for id in ("\u754c" * 500, "\1" * 500, "imported" * 400):
        asked = {"definition": "active", "cursor": cursor_of((0, id))}
        assert reading.get("/api/v1/qualified", **asked)["next"] is None


def test_a_cursor_neither_skips_nor_repeats(serving: Served) -> None:
    qualify(serving, *(f"p{number}" for number in range(5)))
    after, seen = 0, []
    while True:
        page = serving.get("/api/v1/transitions", after=after, limit=2)
        if not page["changes"]:
            assert page["next"] == after
            break
        seen += page["changes"]
        after = page["next"]
    assert [change["cursor"] for change in seen] == sorted({change["cursor"] for change in seen})
    assert {change["transition"]["subject"] for change in seen} == {"acme", "ann", *(f"p{n}" for n in range(5))}


def test_who_follows_sees_what_is_taken_back(serving: Served) -> None:
    """A member who had left by then makes the team smaller than it had seemed."""
    before = serving.get("/api/v1/transitions")["next"]
    serving.send({"type": "identify", "userId": "ben", "traits": {"internal": True}, "ago": 2 * DAY})
    serving.settle()
    changes = serving.get("/api/v1/transitions", after=before)["changes"]
    assert [(each["what"], each["transition"]["definition"]) for each in changes] == [("retracted", "team")]
    (taken,) = changes
    assert taken["transition"]["retracted_at"] == taken["at"]
    assert serving.get("/api/v1/qualified", definition="team")["qualified"] == []
    account = serving.get("/api/v1/subjects/account/acme")
    assert account["transitions"] == [taken["transition"]]
    assert account["qualified"] == {} and not account["explanations"][0]["qualified"]


def test_definitions_in_plain_words(reading: Served) -> None:
    active, team = reading.get("/api/v1/definitions")["definitions"]
    assert (active["name"], active["qualified"], team["qualified"]) == ("active", 1, 1)
    assert "at least 3 Report Run" in team["in_words"] and team["owner"] == "growth"
    assert reading.get("/api/v1/definitions/team") == team
    assert reading.get("/api/v1/definitions/tem", 404)["code"] == "unknown_definition"
