"""How the service is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.serving import Served
from fireflower.app.live import writing
from fireflower.app.live.asking import Asking
from fireflower.app.live.handing_on import Progress
from fireflower.app.live.past import Outdated
from fireflower.history.log.database import SQLite, StorageError
from fireflower.history.log.leases import LeaseLostError
from fireflower.history.log.messages import MessageLog
from fireflower.model.messages import Message
from fireflower.model.moments import DAY

DOCS = Path(__file__).parent.parent.parent / "docs"


def figure(serving: Served, name: str, **labels: str) -> float:
    families = text_string_to_metric_families(serving.client.get("/metrics").text)
    samples = [each for family in families for each in family.samples if each.name == f"fireflower_{name}"]
    return next(each.value for each in samples if each.labels == labels)


def test_alive_and_ready(serving: Served) -> None:
    assert serving.get("/healthz") == serving.get("/readyz") == {"status": "ok"}


def test_not_ready_says_why(serving: Served) -> None:
    serving.service.state.trouble = "the disk is full"
    assert serving.get("/readyz", 503) == {"code": "not_ready", "message": "the disk is full"}
    serving.service.state.trouble, serving.service.state.ready = "", False
    assert serving.get("/readyz", 503)["message"].startswith("history is being evaluated")
    assert serving.get("/api/v1/now", 503, person="ann")["code"] == "not_ready"
    assert serving.get("/healthz") == {"status": "ok"}
    serving.service.state.ready = True


def test_a_database_that_cannot_be_written(serving: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*what: object) -> None:
        raise StorageError("log.sqlite: database or disk is full. Make room.")

    monkeypatch.setattr(SQLite, "rows", full)
    assert serving.get("/readyz", 503)["message"].endswith("Make room.")


def test_what_clients_cannot_get_written_is_no_readiness(serving: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*what: object) -> None:
        raise StorageError("log.sqlite: database or disk is full. Make room.")

    with monkeypatch.context() as patch:
        patch.setattr(MessageLog, "append", full)
        with pytest.raises(StorageError):
            serving.service.submit([Message("segment", "lost", b"{}", DAY, "test")]).result(20)
        assert serving.get("/readyz", 503)["message"].endswith("Make room.")
        patch.setattr(writing, "_LATELY", 0.0)
        assert serving.get("/readyz") == {"status": "ok"}, "or whoever sends only to servers that are ready never would"
    assert serving.get("/readyz", 503)["message"].endswith("Make room."), "it is not so long ago"
    serving.service.submit(
        [Message("segment", "kept", b'{"type": "track", "event": "Run", "userId": "u"}', DAY, "t")]
    ).result(20)
    assert serving.get("/readyz") == {"status": "ok"}
    serving.service.intake = Progress(is_failing=True)
    assert "cannot be written" in serving.get("/readyz", 503)["message"]
    serving.service.intake = Progress()
    assert serving.get("/readyz") == {"status": "ok"}


@pytest.mark.parametrize("error", [Outdated(), LeaseLostError({1})])
def test_what_can_be_answered_in_a_moment_is_to_be_asked_again(
    serving: Served, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def moved_on(*what: object) -> None:
        raise error

    monkeypatch.setattr(Asking, "subject", moved_on)
    answer = serving.client.get("/api/v1/subjects/person/ann")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json() == {"code": "not_ready", "message": str(error)}


def test_figures_count(serving: Served) -> None:
    received = figure(serving, "events_received_total")
    serving.send({"type": "track", "event": "Report Run", "userId": "ann", "messageId": "again"})
    serving.send({"type": "track", "event": "Report Run", "userId": "ann", "messageId": "again"})
    serving.settle()
    assert figure(serving, "events_received_total") == received + 2
    assert figure(serving, "events_duplicates_total") == 1
    assert figure(serving, "log_position") == figure(serving, "log_end") == received + 1
    assert figure(serving, "transitions_total", definition="team", change="entered") == 1
    assert figure(serving, "qualified", definition="team") == 1
    assert figure(serving, "transition_delay_seconds_count") == 2
    assert figure(serving, "database_bytes") > 0
    serving.send({"type": "identify", "userId": "ben", "traits": {"internal": True}, "ago": 2 * DAY})
    serving.settle()
    assert figure(serving, "retractions_total", definition="team") == 1


def test_every_figure_is_documented(reading: Served) -> None:
    told = set(re.findall(r"^# TYPE (\w+)", reading.client.get("/metrics").text, re.MULTILINE))
    documented = re.findall(r"^\| `(\w+)`", (DOCS / "metrics.md").read_text(), re.MULTILINE)
    assert len(told) >= 15
    assert sorted(told) == sorted(documented)
