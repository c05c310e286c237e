"""Deliveries and rejects: looking at them, and doing them once more."""

from __future__ import annotations

import json

from api.serving import Served
from fireflower.app.live.service import now
from fireflower.model.messages import Reject
from fireflower.model.moments import DAY, iso


def deliveries(serving: Served) -> int:
    """Four deliveries; gives the moment by which they were planned."""
    moment = now()
    rows = [
        ("k1", 1, "slack", "account", "acme", moment - 3 * DAY, "dead", 0, 5, "410 gone", b"{}", "{}"),
        ("k2", 2, "crm", "person", "ann", moment - 2 * DAY, "sent", 0, 1, "", b"{}", "{}"),
        ("k3", 1, "crm", "account", "acme", moment - DAY, "waiting", moment + DAY, 0, "", b"{}", "{}"),
        ("k4", 1, "mail", "account", "acme", moment, "withheld", 0, 0, "too many today", b"", "{}"),
    ]
    database = serving.service.connect()
    with database.transaction():
        database.many("INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        database.rows("INSERT INTO attempts (delivery, at, outcome, detail) VALUES ('k1', 5, 'dead', '410 gone')")
    database.close()
    return moment


def keys(serving: Served, **asked: object) -> list[str]:
    return [each["key"] for each in serving.get("/api/v1/deliveries", **asked)["deliveries"]]


def test_looking_at_deliveries(serving: Served) -> None:
    deliveries(serving)
    assert keys(serving) == ["k4", "k3", "k2", "k1"]
    assert keys(serving, destination="crm", subject="acme", state="waiting") == ["k3"]
    first = serving.get("/api/v1/deliveries", limit=3)
    assert keys(serving, limit=3, cursor=first["next"]) == ["k1"]
    (dead,) = serving.get("/api/v1/deliveries", state="dead")["deliveries"]
    assert dead["tries"] == [{"at": "1970-01-01T00:00:00.000005Z", "outcome": "dead", "detail": "410 gone"}]
    assert 'fireflower_deliveries{state="dead"} 1.0' in serving.client.get("/metrics").text


def test_delivering_once_more(serving: Served) -> None:
    moment = deliveries(serving)
    replay = "/api/v1/deliveries/replay"
    assert serving.post(replay, {}, 422)["code"] == "invalid"
    assert serving.post(replay, {"since": "soon"}, 422)["message"].startswith("'since' is no moment")
    assert serving.post(replay, {"destination": "mail"}) == {"deliveries": 0}
    assert serving.post(replay, {"subject": "ann", "states": ["waiting"]}, 422)["code"] == "invalid"
    assert serving.post(replay, {"subject": "ann"}) == {"deliveries": 0}
    period = {"since": iso(moment - 2 * DAY), "until": iso(moment - DAY), "subject": "ann", "states": ["sent"]}
    assert serving.post(replay, period) == {"deliveries": 1}
    assert serving.post(replay, {"subject": "acme", "destination": "slack"}) == {"deliveries": 1}
    states = {each["key"]: each["state"] for each in serving.get("/api/v1/deliveries")["deliveries"]}
    assert states["k1"] != "dead" and states["k2"] != "sent" and states["k4"] == "withheld"


def test_rejects_are_read_again(serving: Served) -> None:
    moment = now()
    track = {"type": "track", "event": "Report Run", "userId": "zoe", "timestamp": iso(moment), "writeKey": "secret"}
    hog = {"event": "Report Run", "distinct_id": "yan", "properties": {}, "uuid": "u1"}
    bodies = [json.dumps(track).encode(), json.dumps(hog).encode(), b'{"type": "track"}', b"\xff{"]
    serving.service.submit([], [Reject("made up", body, moment, "web") for body in bodies]).result(10)
    listed = serving.get("/api/v1/rejects", limit=3)
    assert [each["reason"] for each in listed["rejects"]] == ["made up"] * 3
    (first,) = serving.get("/api/v1/rejects", limit=3, cursor=listed["next"])["rejects"]
    assert '"writeKey": "***"' in first["body"]
    assert serving.post("/api/v1/rejects/replay", {"source": "app"}) == {"taken": 0, "rejected": 0, "still": []}
    assert serving.post("/api/v1/rejects/replay", {}, 422)["message"].startswith("say which")
    since = {"since": iso(moment)}
    found = serving.post("/api/v1/rejects/replay", since)
    assert (found["taken"], found["rejected"], len(found["still"])) == (2, 2, 2)
    serving.settle()
    assert serving.get("/api/v1/subjects/person/zoe")["records"] == 1
    assert serving.get("/api/v1/subjects/person/yan")["records"] == 1
    assert b"secret" not in serving.service.connect().rows("SELECT body FROM messages ORDER BY position")[-2][0]
    assert serving.post("/api/v1/rejects/replay", since)["taken"] == 0
    replayed = [each["replayed_at"] is not None for each in serving.get("/api/v1/rejects")["rejects"]]
    assert replayed == [False, False, True, True]


def test_what_is_too_far_ahead_stays_rejected(serving: Served) -> None:
    received, form = now() - 3 * DAY, {"type": "track", "event": "Report Run", "userId": "zoe"}
    times = {"far": received + 10 * DAY, "later": received + 2 * DAY, "soon": received + DAY // 2}
    bodies = [json.dumps(form | {"messageId": key, "timestamp": iso(time)}).encode() for key, time in times.items()]
    hog = {"event": "Report Run", "distinct_id": "yan", "uuid": "u2", "timestamp": iso(times["far"])}
    bodies.append(json.dumps(hog).encode())
    serving.service.submit([], [Reject("made up", body, received, "web") for body in bodies]).result(10)
    found = serving.post("/api/v1/rejects/replay", {"source": "web"})
    assert (found["taken"], found["rejected"]) == (1, 3)
    reasons = [each["reason"] for each in found["still"]]
    assert [" is 10 days after its receipt" in each for each in reasons] == [True, False, True]
    assert all("at most 1 day is believed" in each for each in reasons)
    serving.settle()
    assert serving.get("/api/v1/subjects/person/zoe")["records"] == 1
