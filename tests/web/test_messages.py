"""What clients send, as the readers will read it: times, persons, accounts, traits and ids."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fireflower.history.mapping import Mapping
from fireflower.model.moments import HOUR, MINUTE, SECOND, parse_moment
from fireflower.model.records import Kind
from web.asking import NOW, Desk

ELEVEN = NOW - HOUR
AT = "2026-03-01T11:00:00.000Z"
SENT = "2026-03-01T12:00:00.000Z"


def segment(event: dict[str, Any], **around: Any) -> Desk:
    desk = Desk()
    answer = desk.post("/v1/batch", {"batch": [event], "sentAt": SENT, **around})
    assert answer.status == 200
    return desk


def track(**said: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Ran", "userId": "u1", "messageId": "m1", "timestamp": AT, **said}


def posthog(event: dict[str, Any], path: str = "/batch/", **around: Any) -> Desk:
    desk = Desk()
    answer = desk.post(path, {"batch": [event], "sent_at": SENT, **around})
    assert answer.status == 200
    return desk


def capture(name: str = "Ran", **said: Any) -> dict[str, Any]:
    return {"event": name, "distinct_id": "u1", "uuid": "m1", "timestamp": AT, "properties": {}, **said}


def test_a_message_of_segment_is_complete_in_itself() -> None:
    desk = segment(track(properties={"n": 1}, writeKey="key-a"), context={"ip": "1.2.3.4"}, writeKey="key-a")
    (message,) = desk.messages()
    assert (message.form, message.key, message.received, message.source) == ("segment", "m1", NOW, "key-a")
    assert json.loads(message.body) == {
        **track(properties={"n": 1}),
        "context": {"ip": "1.2.3.4"},
        "sentAt": SENT,
        "receivedAt": "2026-03-01T12:00:00.000000Z",
    }


def test_the_events_context_stands_over_the_batchs() -> None:
    event = track(context={"page": {"url": "x"}, "groupId": None, "locale": "de"})
    desk = segment(event, context={"page": {"url": "y", "title": "t"}, "groupId": "acme", "app": {}})
    context = desk.bodies()[0]["context"]
    assert context == {"page": {"url": "x", "title": "t"}, "groupId": "acme", "locale": "de", "app": {}}
    assert desk.told()[0]["account"] == "acme"


@pytest.mark.parametrize(
    ("times", "time"),
    [
        ({}, ELEVEN),
        ({"sentAt": "2026-03-01T11:30:00Z"}, ELEVEN + 30 * MINUTE),  # sent half an hour ago, by its clock
        ({"sentAt": None}, ELEVEN),
        ({"timestamp": None, "originalTimestamp": AT}, ELEVEN),
        ({"timestamp": None, "originalTimestamp": AT, "sentAt": "2026-03-01T13:00:00Z"}, ELEVEN - HOUR),
        ({"originalTimestamp": "2020-01-01", "sentAt": "2020-01-01T00:00:00Z"}, ELEVEN),  # corrected already
        ({"timestamp": None}, NOW),
        ({"timestamp": ELEVEN // 1000}, ELEVEN),
        ({"timestamp": "2026-03-01T12:00:00+01:00"}, ELEVEN),
        ({"timestamp": "2026-03-01T11:00:00"}, ELEVEN),
        ({"timestamp": "1970-01-02T00:00:00Z", "sentAt": "1970-01-02T01:00:00Z"}, ELEVEN),  # a clock without battery
        ({"timestamp": "2031-03-01T11:00:00Z", "sentAt": "2031-03-01T12:00:00Z"}, ELEVEN),
        ({"receivedAt": "2020-01-01T00:00:00Z"}, ELEVEN),
    ],
)
def test_times_of_segment_are_by_our_clock(times: dict[str, Any], time: int) -> None:
    (told,) = segment(track(**times)).told()
    assert (told["time"], told["received"]) == (time, NOW)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"timestamp": "soon"}, "cannot read the time 'soon'"),
        ({"timestamp": "1969-01-01T00:00:00Z"}, "outside 1970-01-01 .. 2100-01-01"),
        ({"timestamp": "2026-03-02T12:00:00Z"}, "24 hours after its receipt"),
        ({"timestamp": "2026-03-02T12:00:00Z", "userId": 7}, "send sentAt"),
        ({"sentAt": "never"}, "cannot read the time 'never'"),
        ({"timestamp": "2020-01-01T00:00:00Z", "sentAt": "2080-01-01T00:00:00Z"}, "outside 1970-01-01"),
        ({"userId": None}, "names no person and no account"),
        ({"userId": " "}, "names no person and no account"),
        ({"userId": {"id": 1}}, "expected userId to be text or a number"),
        ({"messageId": [1]}, "expected messageId to be text or a number"),
        ({"event": ""}, "names no event"),
        ({"type": "delete"}, "expected type to be track, page"),
        ({"type": 5}, "not of the expected form"),
        ({"properties": "text"}, "expected properties to be an object"),
        ({"properties": [1]}, "expected properties to be an object"),
        ({"context": "text"}, "not of the expected form"),
        ({"context": {"groupId": []}}, "expected context.groupId to be text"),
        ({"type": "group"}, "names no groupId"),
        ({"type": "identify", "traits": 5}, "expected traits to be an object"),
        ({"type": "identify", "context": {"traits": 5}}, "expected traits to be an object"),
        ({"type": "alias"}, "needs a userId and a previousId"),
        ({"type": "page", "properties": 5}, "expected properties to be an object"),
    ],
)
def test_what_the_reader_would_refuse_is_kept_aside_with_its_reason(said: dict[str, Any], says: str) -> None:
    desk = segment(track(**said))
    assert not desk.messages()
    (reason,) = desk.reasons()
    assert says in reason


def test_nested_too_deep() -> None:
    deep: Any = {}
    for _ in range(200):
        deep = {"a": [deep]}
    wide = {str(number): {} for number in range(300)}
    desk = Desk()
    desk.post(
        "/v1/batch", {"batch": [track(properties=deep), track(properties=wide), track(context=deep, messageId="m2")]}
    )
    assert len(desk.messages()) == 1
    assert desk.reasons() == ["is nested more than 100 deep: flatten it"] * 2


def test_nested_too_deep_beside_one_that_is_only_longer() -> None:
    deep: Any = {}
    for _ in range(200):
        deep = {"a": deep}
    desk = Desk()
    long = track(properties={"note": "x" * 10_000})
    desk.post("/v1/batch", {"batch": [long, track(properties=deep, messageId="m2")]})
    assert len(desk.messages()) == 1
    assert desk.reasons() == ["is nested more than 100 deep: flatten it"]


def test_however_deep_it_is_kept_aside() -> None:
    event = json.dumps(track(properties=0))
    for depth in (101, *range(850, 1_000, 5), 1_100):
        desk, deep = Desk(), b'{"a":' * depth + b"1" + b"}" * depth
        batch = b'{"batch": [%b]}' % event.encode().replace(b'"properties": 0', b'"properties": %b' % deep)
        assert desk.post("/v1/batch", batch).json["rejected"] == 1
        assert "deep" in desk.reasons()[0] and len(desk.sink.rejects["key-a"]) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"userId": "u" * 501},
        {"userId": 10**600},
        {"anonymousId": "a" * 501},
        {"groupId": "g" * 501},
        {"context": {"groupId": "g" * 501}},
        {"type": "alias", "previousId": "p" * 501},
        {"type": "identify", "userId": "u" * 501, "traits": {"plan": "pro"}},
    ],
)
def test_an_id_that_nobody_could_ask_for_is_kept_aside(said: dict[str, Any]) -> None:
    desk = Desk()
    for number in range(2):
        desk.post("/v1/batch", {"batch": [track(**said), {**track(messageId=f"m{number}"), **said}]})
    assert not desk.messages()
    assert ["ids of people and accounts have at most 500" in reason for reason in desk.reasons()] == [True] * 4
    desk.post("/v1/batch", {"batch": [track(userId="u" * 500, messageId="m" * 1_000, properties={"x": "x" * 501})]})
    assert len(desk.messages()) == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Ran", {"distinct_id": "u" * 501}),
        ("Ran", {"properties": {"$groups": {"company": "g" * 501}}}),
        ("$identify", {"properties": {"$anon_distinct_id": "a" * 501}}),
        ("$set", {"properties": {"$anon_distinct_id": "a" * 501}}),
        ("$create_alias", {"properties": {"alias": "a" * 501}}),
        ("$groupidentify", {"properties": {"$group_key": "g" * 501, "$group_set": {"plan": "pro"}}}),
    ],
)
def test_ids_of_posthog_are_no_longer(name: str, said: dict[str, Any]) -> None:
    assert "ids of people and accounts have at most 500" in posthog(capture(name, **said)).reasons()[0]
    other = {"$groups": {"company": "acme", "page": "p" * 501}, "alias": "a" * 501}
    assert posthog(capture(properties=other)).told()[0]["account"] == "acme"


@pytest.mark.parametrize("time", ["\u00a02026-03-01", "2026-03-01T12:00:00 right/Europe/Berlin", "2026-03-01 12:00 PM"])
def test_times_are_read_as_in_tables(time: str) -> None:
    """What would be kept aside there is here, with the same reason."""
    desk = Desk()
    desk.post("/v1/batch", {"batch": [track(timestamp=time), track(messageId="good")]})
    assert len(desk.messages()) == 1
    for reason in (*desk.reasons(), *posthog(capture(timestamp=time)).reasons()):
        assert reason.startswith(f"cannot read the time {time!r}: expected ISO 8601 or a number since 1970")


def test_traits_of_rudderstack_stand_in_the_context() -> None:
    event = {"type": "identify", "userId": "u1", "anonymousId": None, "context": {"traits": {"plan": "pro"}}}
    (told,) = segment({**event, "timestamp": AT, "channel": "server"}).told()
    assert (told["kind"], told["person"], told["name"], told["value"]) == (Kind.PERSON_TRAIT, "u1", "plan", '"pro"')


def test_a_group_has_an_account_and_a_member() -> None:
    desk = segment({"type": "group", "userId": "u1", "groupId": "acme", "traits": {"seats": 5}, "timestamp": AT})
    join, trait = desk.told()
    assert (join["kind"], join["person"], join["account"]) == (Kind.JOIN, "u1", "acme")
    assert (trait["kind"], trait["account"], trait["value"]) == (Kind.ACCOUNT_TRAIT, "acme", "5.0")


def test_a_trait_has_a_name_and_is_said_once() -> None:
    traits = {"": "x", "!": {"b": 1}, "!.b": None, "plan": "pro"}
    for said in ({"type": "group", "groupId": "acme"}, {"type": "identify"}):
        told = segment(track(**said, traits=traits)).told()
        assert {each["name"]: each["value"] for each in told if each["name"]} == {"!.b": None, "plan": '"pro"'}
        assert len(told) == (3 if said["type"] == "group" else 2)
    grouped = {"$group_type": "company", "$group_key": "acme", "$group_set": traits}
    names = [each["name"] for each in posthog(capture("$groupidentify", properties=grouped)).told()]
    assert sorted(names) == ["!.b", "plan"]
    unset = {"$set": {"": 1}, "$set_once": {"": 2}, "$unset": ["", "old"]}
    assert [each["name"] for each in posthog(capture("$set", properties=unset)).told()] == ["old"]


def test_php_writes_empty_objects_as_lists() -> None:
    (told,) = segment(track(properties=[], context=[])).told()
    assert told["name"] == "Ran" and told["properties"] is None
    desk = segment({"type": "identify", "userId": "u1", "traits": [], "context": {"traits": []}})
    assert desk.messages() and not desk.told()
    assert posthog(capture(properties=[])).told()[0]["name"] == "Ran"


def test_numbers_are_ids_too() -> None:
    desk = segment(track(userId=7, messageId=8))
    assert desk.told()[0]["person"] == "7" and desk.messages()[0].key == "8"


def test_the_path_says_the_type() -> None:
    desk = Desk()
    assert desk.post("/v1/track", {"event": "Ran", "userId": "u1"}).status == 200
    assert desk.bodies()[0]["type"] == "track"


def keys(*events: dict[str, Any], path: str = "/v1/batch", later: int = 0) -> set[str]:
    desk = Desk(now=NOW + later)
    sent = {"sentAt": str(NOW + later), "sent_at": str(NOW + later)}
    assert desk.post(path, {"batch": list(events), **sent}).json["rejected"] == 0
    return {message.key for message in desk.messages()}


@pytest.mark.parametrize(
    ("path", "event", "other"),
    [
        ("/v1/batch", track(messageId=None), track(messageId="", properties={"n": 2})),
        ("/batch/", capture(uuid=None), capture(uuid=None, properties={"n": 2})),
    ],
)
def test_events_without_an_id_are_known_by_their_content(path: str, event: Any, other: Any) -> None:
    once, again = keys(event, event, path=path), keys(event, path=path, later=MINUTE)
    assert once == again and len(once) == 1 and next(iter(once)).startswith("content:")
    assert len(keys(event, other, path=path)) == 2
    untimed = {name: value for name, value in event.items() if name != "timestamp"}
    assert len(keys(untimed, untimed, path=path)) == 2
    assert not keys(untimed, path=path) & keys(untimed, path=path, later=MINUTE)


def test_a_long_id_has_a_short_key() -> None:
    (key,) = keys(track(messageId="m" * 10_000))
    assert key.startswith("long:") and len(key) < 50


@pytest.mark.parametrize(
    ("path", "around", "headers"),
    [("/v1/batch", {}, None), ("/v1/batch", {"writeKey": "key-a"}, {}), ("/batch/", {"api_key": "key-a"}, {})],
)
def test_what_is_beyond_all_parsing_is_kept_aside_alone(
    path: str, around: dict[str, str], headers: dict[str, str] | None
) -> None:
    desk = Desk()
    event = track(distinct_id="u1", properties={"text": '"]}[{\\'})
    ids = [{"messageId": id, "uuid": id, "n": id} for id in ("m1", "m2", "m3", "m4")]
    body = json.dumps({**around, "batch": [{**event, **each} for each in ids]}).encode()
    body = body.replace(b'"n": "m2"', b'"n": ' + b"9" * 5_000)
    body = body.replace(b'"n": "m3"', b'"n": ' + b"[" * 100_000 + b'"]"' + b"]" * 100_000)
    answer = desk.post(path, body, headers)
    assert (answer.status, answer.json["rejected"]) == (200, 2)
    too_large, too_deep = desk.reasons()
    assert "holds a number that is too large" in too_large and "is nested more than 100 deep" in too_deep
    assert len(desk.messages()) == 2 and all(b"u1" in reject.body for reject in desk.sink.rejects["key-a"])


def test_clients_write_what_is_no_json() -> None:
    desk = Desk()
    body = b"""\xef\xbb\xbf{"batch": [
        {"type": "track", "event": "cut \\ud83d", "userId": "u1", "properties": {"n": NaN}},
        {"type": "track", "event": "Ran", "userId": "u1", "properties": {"n": Infinity}},
        {"type": "track", "event": "Ran", "userId": "u1", "properties": {"n": 1e999}}
    ]}"""
    answer = desk.post("/v1/batch", body)
    assert (answer.json["accepted"], answer.json["rejected"]) == (1, 2)
    assert desk.bodies()[0]["event"] == "cut \ufffd" and desk.bodies()[0]["properties"] == {"n": None}
    assert all("too large" in reason for reason in desk.reasons())


def test_what_cannot_be_read_beside_events_concerns_them_all() -> None:
    desk = Desk()
    event = b'{"type": "track", "event": "Ran", "userId": "u1"}'
    answer = desk.post(
        "/v1/batch", b'{"writeKey": "key-a", "context": {"n": Infinity}, "batch": [%b]}' % event, headers={}
    )
    assert (answer.json["accepted"], answer.json["rejected"]) == (0, 1)
    assert "'context'" in desk.reasons()[0] and b"Infinity" in desk.sink.rejects["key-a"][0].body


def test_text_that_is_not_utf_8_spoils_only_its_own_event() -> None:
    desk = Desk()
    event = b'{"type": "track", "event": "Ran", "userId": "%b"}'
    answer = desk.post("/v1/batch", b'{"batch": [%b, %b]}' % (event % b"M\xfcller", event % b"u1"))
    assert (answer.json["accepted"], answer.json["rejected"]) == (1, 1)
    assert "not UTF-8" in desk.reasons()[0] and b"M\xfcller" in desk.sink.rejects["key-a"][0].body


def test_a_message_of_posthog_is_complete_in_itself() -> None:
    event = capture(properties={"token": "key-a", "n": 1, "$groups": {"company": "acme"}}, api_key="key-a")
    desk = posthog(event, api_key="key-a")
    assert desk.bodies() == [
        {
            "event": "Ran",
            "distinct_id": "u1",
            "uuid": "m1",
            "timestamp": "2026-03-01T11:00:00Z",
            "created_at": "2026-03-01T12:00:00.000000Z",
            "properties": {"n": 1, "$groups": {"company": "acme"}},
        }
    ]
    (told,) = desk.told()
    assert (told["time"], told["received"], told["account"]) == (ELEVEN, NOW, "acme")


@pytest.mark.parametrize(
    ("said", "time"),
    [
        ({}, ELEVEN),
        ({"sent_at": "2026-03-01T11:30:00Z"}, ELEVEN + 30 * MINUTE),
        ({"sent_at": "never"}, ELEVEN),
        ({"offset": 90_000}, NOW - 90 * SECOND),
        ({"timestamp": None}, NOW),
        ({"timestamp": ""}, NOW),
        ({"timestamp": ELEVEN // 1000}, ELEVEN),
        ({"timestamp": "2026-03-01T11:00:00"}, ELEVEN),
        ({"timestamp": "2026-03-01T12:00:00+01:00"}, ELEVEN),
        ({"sent_at": "2031-03-01T12:00:00Z", "timestamp": "2031-03-01T11:00:00Z"}, ELEVEN),
        ({"sent_at": "2026-03-01T11:30:00Z", "properties": {"$ignore_sent_at": True}}, ELEVEN),
    ],
)
def test_times_of_posthog_are_by_our_clock(said: dict[str, Any], time: int) -> None:
    (told,) = posthog(capture(**said)).told()
    assert (told["time"], told["received"]) == (time, NOW)


def test_a_browser_says_in_the_query_when_it_sent() -> None:
    sent = (NOW - 30 * MINUTE) // 1000
    desk = posthog(capture(), f"/e/?ip=0&_={sent}&ver=1.2", sent_at=None)
    assert desk.told()[0]["time"] == ELEVEN + 30 * MINUTE


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"timestamp": "soon"}, "cannot read the time 'soon'"),
        ({"timestamp": "2026-03-02T12:00:00Z"}, "24 hours after its receipt"),
        ({"offset": 1e15}, "leads to no time"),
        ({"offset": -1e9}, "after its receipt"),
        ({"event": None}, "names no event"),
        ({"distinct_id": None}, "names no person and no account"),
        ({"distinct_id": []}, "expected distinct_id to be text"),
        ({"uuid": {}}, "expected uuid to be text"),
        ({"properties": 5}, "expected properties to be an object"),
        ({"properties": {"$groups": {"company": []}}}, "expected $groups.company to be text"),
        ({"$set": 5}, "expected traits to be an object"),
        ({"properties": {"$set_once": [5]}}, "expected traits to be an object"),
        ({"properties": {"$unset": 5}}, "expected $unset to be a list of names"),
        ({"properties": {"$unset": ["a", []]}}, "expected $unset to be a list of names"),
        ({"event": "$groupidentify"}, "names no $group_key"),
    ],
)
def test_what_the_reader_of_posthog_would_refuse(said: dict[str, Any], says: str) -> None:
    desk = posthog(capture(**said))
    assert not desk.messages()
    assert says in desk.reasons()[0]


@pytest.mark.parametrize(
    "said",
    [
        {"$set": {"plan": "pro"}, "$set_once": {"first": "x"}},
        {"properties": {"$set": {"plan": "pro"}, "$set_once": {"first": "x"}}},
        {"$set": {"plan": "pro"}, "properties": {"$set": {"plan": "free"}, "$set_once": {"first": "x"}}},
        {"$set_once": {"first": "x"}, "properties": {"$set": {"plan": "pro"}, "$set_once": {}}},
    ],
)
def test_traits_of_posthog_in_either_place(said: dict[str, Any]) -> None:
    told = posthog(capture("$set", **said)).told()
    assert {record["name"]: record["value"] for record in told} == {"plan": '"pro"', "first": '"x"'}
    assert {record["kind"] for record in told} == {Kind.PERSON_TRAIT}


def test_groups_of_posthog_make_no_person() -> None:
    properties = {"$group_type": "company", "$group_key": "acme", "$group_set": {"seats": 5}}
    (told,) = posthog(capture("$groupidentify", distinct_id="8f90ffb2-random", properties=properties)).told()
    assert (told["kind"], told["account"], told["person"]) == (Kind.ACCOUNT_TRAIT, "acme", None)


def test_the_group_type_can_be_said() -> None:
    desk = Desk(posthog=Mapping(form="posthog", group_type="workspace"))
    desk.post("/batch/", {"batch": [capture(properties={"$groups": {"company": "c", "workspace": "w"}})]})
    assert desk.told(group_type="workspace")[0]["account"] == "w"


def test_other_places_of_the_persons_id() -> None:
    event = {"event": "Ran", "timestamp": AT}
    assert posthog({**event, "$distinct_id": "u1"}).told()[0]["person"] == "u1"
    assert posthog({**event, "properties": {"distinct_id": "u1"}}).told()[0]["person"] == "u1"


def test_a_moment_of_receipt_has_microseconds() -> None:
    desk = Desk(now=parse_moment("2026-03-01T12:00:00Z") + 1)
    desk.post("/v1/track", {"event": "Ran", "userId": "u1"})
    assert desk.bodies()[0]["receivedAt"] == "2026-03-01T12:00:00.000001Z"
    assert desk.told()[0]["received"] == NOW + 1
