"""Edited definitions and ids of people, by HTTP and by the commands that talk to the server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.serving import TEAM, Served, seed, served, shop, token
from fireflower.app.live.service import now
from fireflower.cli.program import program
from fireflower.model.messages import Reject
from fireflower.model.moments import DAY, HOUR

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shop(tmp_path / "shop")


@pytest.fixture
def serving(folder: Path) -> Iterator[Served]:
    with served(folder, bearer=token(folder, "boss", "admin")) as found:
        seed(found)
        yield found


@pytest.fixture
def run(serving: Served, folder: Path) -> Run:
    """Run a command against the server."""
    bearer = serving.client.headers["authorization"].removeprefix("Bearer ")

    def run(*words: str, fails: int = 0, **environment: str) -> Result:
        env = {"FIREFLOWER_URL": serving.url, "FIREFLOWER_TOKEN": bearer, **environment}
        result = CliRunner().invoke(program, words, env=env, prog_name="fireflower")
        assert result.exit_code == fails, result.output
        return result

    return run


def edit(folder: Path, text: str) -> None:
    (folder / "definitions" / "team.yaml").write_text(text)


def test_previewing_and_applying(serving: Served, folder: Path) -> None:
    edit(folder, TEAM.replace(">= 3", ">= 1").replace("members() >= 2", "members() >= 1"))
    found = serving.post("/api/v1/definitions/preview", {"limit": 5})
    (team,) = found["definitions"]
    assert team == {
        "definition": "team", "what": "changed", "entering": 1, "leaving": 0, "staying": 1, "enters": ["birch"],
        "leaves": [],
    }  # fmt: skip
    assert found["same"] == ["active"]
    assert serving.get("/api/v1/qualified", definition="team")["qualified"][0]["subject"] == "acme"
    assert serving.post("/api/v1/definitions/preview", {"limit": 0})["definitions"][0]["enters"] == []
    serving.post("/api/v1/definitions/apply")
    assert {each["subject"] for each in serving.get("/api/v1/qualified", definition="team")["qualified"]} == {
        "acme",
        "birch",
    }
    assert "at least 3 Report Run" not in serving.get("/api/v1/definitions/team")["in_words"]
    assert [each["transition"]["past"] for each in serving.get("/api/v1/transitions")["changes"]][-1]


def test_now_says_what_the_new_definitions_say(serving: Served, folder: Path) -> None:
    edit(folder, TEAM.replace(">= 3", ">= 9"))
    serving.post("/api/v1/definitions/apply")
    (team,) = serving.get("/api/v1/now", account="acme")["subjects"][0]["verdicts"]
    assert not team["qualified"] and team["missing"] == ["count(Report Run) >= 9"]


def test_faults_are_told_with_their_places(serving: Served, folder: Path) -> None:
    edit(folder, "definition: team\nsubject: account\nvalue: cuont(Report Run) >= 3\n")
    for path in ("preview", "apply"):
        found = serving.post(f"/api/v1/definitions/{path}", {}, 422)
        assert found["code"] == "faults"
        (fault,) = found["faults"]
        assert (Path(fault["file"]).name, fault["line"], fault["severity"]) == ("team.yaml", 3, "error")


def test_the_commands(serving: Served, folder: Path, run: Run) -> None:
    said = run("preview").output
    assert "No definition means something else" in said and "\ndestinations: none\n" in said
    (folder / "destinations").mkdir()
    (folder / "destinations" / "crm.yaml").write_text("destination: crm\nfile: {path: told.jsonl}\n")
    assert "\ndestinations: 1 (crm)\n" in run("preview").output
    edit(folder, TEAM.replace(">= 3", ">= 1").replace("members() >= 2", "members() >= 1"))
    said = run("preview").output
    assert "team means something else: 1 would enter, 0 would leave, 1 stay\n  + birch\n" in said
    assert "fireflower apply" in said
    assert json.loads(run("preview", "--json").output)["definitions"][0]["enters"] == ["birch"]
    assert run("preview", "--drop").output == "dropped\n"
    assert run("preview", "--drop").output == "nothing was prepared\n"
    said = run("apply").output
    assert "1 enter, 0 leave, 1 stay" in said and "In effect; nobody is told of these." in said
    assert "\ndestinations: 1 (crm)\n" in said
    assert serving.get("/api/v1/qualified", definition="team")["qualified"][0]["subject"] in ("acme", "birch")
    edit(folder, "definition: team\nsubject: account\nvalue: cuont(Report Run) >= 3\n")
    failed = run("apply", fails=1)
    assert "team.yaml:3:8: error:" in failed.output and "value: cuont(Report Run) >= 3" in failed.output


def test_without_a_server_or_a_token(run: Run) -> None:
    away = run("preview", fails=1, FIREFLOWER_URL="http://127.0.0.1:9")
    assert "no server answers at http://127.0.0.1:9" in away.output and "fireflower diff" in away.output
    assert "fireflower serve" in run("apply", fails=1, FIREFLOWER_URL="http://127.0.0.1:9").output
    assert "FIREFLOWER_TOKEN" in run("preview", fails=1, FIREFLOWER_TOKEN="").output
    assert "--url is no address" in run("preview", "--url", "localhost", fails=2).output


def test_a_read_token_is_not_enough(serving: Served, folder: Path, run: Run) -> None:
    assert "this needs admin" in run("apply", fails=1, FIREFLOWER_TOKEN=token(folder, "reader", "read")).output


def ids(serving: Served, person: str) -> list[str]:
    return serving.get(f"/api/v1/subjects/person/{person}")["ids"]


def active(serving: Served) -> set[str]:
    return {each["subject"] for each in serving.get("/api/v1/qualified", definition="active")["qualified"]}


def test_merging_and_splitting(serving: Served) -> None:
    """Two days of two ids are those of one person, once they are merged; and no longer, once they are split."""
    serving.send({"type": "identify", "userId": "dora", "traits": {"plan": "pro"}, "ago": 2 * DAY})
    serving.did("Report Run", "dora", "acme", HOUR)
    serving.did("Report Run", "dora@home", "acme", DAY + HOUR)
    serving.settle()
    before = active(serving)
    assert "dora" not in before
    merged = serving.post("/api/v1/identities/merge", {"id": "dora", "other": "dora@home"})
    assert merged == {"people": [{"person": "dora", "ids": ["dora", "dora@home"]}]}
    assert active(serving) == before | {"dora"}
    assert ids(serving, "dora") == ids(serving, "dora@home") == ["dora", "dora@home"]
    split = serving.post("/api/v1/identities/split", {"id": "dora", "other": "dora@home"})
    assert split == {"people": [{"person": "dora", "ids": ["dora"]}, {"person": "dora@home", "ids": ["dora@home"]}]}
    assert active(serving) == before
    assert (ids(serving, "dora"), ids(serving, "dora@home")) == (["dora"], ["dora@home"])
    assert serving.service.connect().rows("SELECT DISTINCT source FROM messages WHERE position > 10 ORDER BY 1") == [
        ("fireflower/identities",),
        ("web",),
    ]


def test_what_nobody_can_answer_for_is_not_said(serving: Served) -> None:
    serving.service.state.ready = False
    said = serving.service.tally.received
    assert serving.post("/api/v1/identities/merge", {"id": "ann", "other": "ben"}, 503)["code"] == "not_ready"
    serving.service.state.ready = True
    assert serving.service.tally.received == said and ids(serving, "ann") == ["ann", "anon-1"]


def test_what_a_client_has_joined_is_set_apart(serving: Served, run: Run) -> None:
    assert ids(serving, "ann") == ["ann", "anon-1"]
    assert run("identities", "split", "ann", "anon-1").output == "ann\nanon-1\n"
    assert ids(serving, "ann") == ["ann"]
    assert run("identities", "merge", "ann", "anon-1").output == "ann, also known as anon-1\n"
    assert json.loads(run("identities", "merge", "ann", "ann-2", "--json").output)["people"][0]["person"] == "ann"


def test_only_what_is_joined_can_be_split(serving: Served) -> None:
    found = serving.post("/api/v1/identities/split", {"id": "ann", "other": "ben"}, 422)
    assert found["code"] == "not_joined" and "'anon-1'" in found["message"]
    assert serving.post("/api/v1/identities/merge", {"id": "ann", "other": "ann"}, 422)["code"] == "not_joined"


def test_rejects_are_read_again_from_the_command_line(serving: Served, run: Run) -> None:
    body = json.dumps({"type": "track", "event": "Report Run", "userId": "zoe", "messageId": "z1"}).encode()
    serving.service.submit([], [Reject("made up", each, now(), "web") for each in (body, b"{}")]).result(10)
    assert "Say which: --source, --since or --until." in run("rejects", "replay", fails=2).output
    none = run("rejects", "replay", "--until", "2020-01-01").output
    assert none == "0 events were taken, 0 still cannot be.\n"
    found = run("rejects", "replay", "--source", "web", "--since", "2026-01-01").output
    assert found.startswith("1 event was taken, 1 still cannot be.\n  2: ")
    assert json.loads(run("rejects", "replay", "--source", "web", "--json").output)["rejected"] == 1
