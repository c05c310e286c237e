"""Messages for tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from fireflower.history.log.messages import MessageLog
from fireflower.model.messages import Message

START = datetime(2026, 1, 1, tzinfo=UTC)


def track(key: str, person: str = "ann", event: str = "Open", account: str | None = None, minute: int = 0) -> Message:
    """An event, `minute` minutes after the start."""
    at = (START + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")
    body = {"type": "track", "event": event, "userId": person, "messageId": key, "timestamp": at, "receivedAt": at}
    if account is not None:
        body["context"] = {"groupId": account}  # type: ignore[assignment]
    return Message("segment", key, json.dumps(body).encode(), 1, "web")


def append(log: MessageLog, *messages: Message) -> list[str]:
    """Write messages, in a transaction of their own. Gives the keys of those that are new."""
    with log._database.transaction():
        places = log.append(messages)
    return [message.key for place, message in zip(places, messages, strict=True) if place is not None]
