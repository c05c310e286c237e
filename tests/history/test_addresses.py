"""People are members of the account that their e-mail address names: the same by every form, at once and later."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from fireflower.app.project import Project
from fireflower.history.mapping import Mapping
from fireflower.history.readers.addresses import Addresses

PEOPLE = {
    "ann": "Ann@Acme.com",
    "ben": "ben@acme.com",
    "cleo": "cleo@gmail.com",
    "dan": "dan@partner.example",
    "eva": "no address",
    "fay": "fay@eu.acme.com",
}
SETTINGS = """\
project: shop
account_email: email
shared_domains: [partner.example]
"""
DEFINITION = "definition: team\nsubject: account\nqualified: count(Opened) >= 3 and actors(Opened) >= 2\n"


def project(folder: Path) -> Project:
    (folder / "definitions").mkdir(parents=True)
    (folder / "fireflower.yaml").write_text(SETTINGS)
    (folder / "definitions" / "team.yaml").write_text(DEFINITION)
    return Project(folder)


def when(minute: int) -> str:
    return f"2026-03-01T10:{minute:02}:00Z"


def segment() -> list[dict[str, object]]:
    said: list[dict[str, object]] = [
        {"type": "identify", "userId": id, "traits": {"email": email}, "timestamp": when(0), "messageId": f"i{id}{nth}"}
        for nth in range(2)
        for id, email in PEOPLE.items()
    ]
    return said + [
        {"type": "track", "event": "Opened", "userId": id, "timestamp": when(nth + 1), "messageId": f"t{id}{nth}"}
        for nth in range(2)
        for id in PEOPLE
    ]


def posthog() -> list[dict[str, object]]:
    return [
        {
            "event": "$identify" if "traits" in each else "Opened",
            "distinct_id": each["userId"],
            "uuid": each["messageId"],
            "timestamp": each["timestamp"],
            "properties": {},
            "$set": each.get("traits"),
        }
        for each in segment()
    ]


def lines(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    return path


def table(path: Path) -> Path:
    rows = [f"{id},{email},{when(0)}" for id, email in PEOPLE.items()]
    path.write_text("\n".join(["user_id,email,created_at", *rows]))
    return path


@pytest.mark.parametrize("form", ["segment", "posthog", "csv", "json"])
def test_accounts_follow_from_addresses(tmp_path: Path, form: str) -> None:
    shop = project(tmp_path / "shop")
    if form == "csv":
        shop.import_(table(tmp_path / "people.csv"), table="people", person="user_id", time="created_at")
    elif form == "json":
        rows: list[dict[str, object]] = [{"user_id": id, "email": email, "at": when(0)} for id, email in PEOPLE.items()]
        shop.import_(lines(tmp_path / "people.json.gz", rows), table="people", person="user_id", time="at")
    said = posthog() if form == "posthog" else segment()
    some = [each for each in said if form in ("segment", "posthog") or each["type"] == "track"]
    shop.import_(lines(tmp_path / "events.json.gz", some))
    found = shop.qualify()
    assert [found.standing.subject_id(i) for i in range(len(found.standing))] == ["acme.com"]
    assert set(shop.archive.vocabulary().accounts) == {"acme.com", "eu.acme.com"}


def test_without_the_setting_nobody_belongs_anywhere(tmp_path: Path) -> None:
    shop = project(tmp_path / "shop")
    (shop.folder / "fireflower.yaml").write_text("project: shop\n")
    shop = Project(shop.folder)
    shop.import_(lines(tmp_path / "events.json.gz", segment()))
    assert not set(shop.archive.vocabulary().accounts)


NO_ADDRESSES: list[object] = [
    *(None, 7, True, "", "@", "ann@", "@acme.com", " @acme.com", "ann@localhost", "ann@acme", "ann@10.0.0.12"),
    *("a" * 20_000, "@" * 20_000, "ann@" + "x" * 300 + "é.com"),
]


@pytest.mark.parametrize("address", NO_ADDRESSES, ids=range(len(NO_ADDRESSES)))
def test_what_is_no_address_names_no_account(address: object) -> None:
    assert Addresses(Mapping(form="segment", account_email="email")).account(address) is None


def test_shared_domains_are_known_however_they_are_written() -> None:
    of = Addresses(Mapping(form="segment", account_email="email", shared_domains=("Büro.example", "@Partner.example")))
    assert of.account("ann@büro.example") is None and of.account("ann@xn--bro-hoa.example") is None
    assert of.account("ann@partner.example") is None and of.account("ann@acme.example") == "acme.example"
