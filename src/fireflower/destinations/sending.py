"""One try of one delivery, whatever its destination."""

from __future__ import annotations

import json

from fireflower.destinations import files, mail, slack, webhook
from fireflower.destinations.deliveries import Dead, Delivery, Outcome, Parked
from fireflower.destinations.nodes import Destination, Email, JsonLines, SlackChannel, SlackWebhook, Webhook
from fireflower.destinations.secret import SecretError


def attempt(delivery: Delivery, destination: Destination, now: int) -> Outcome:
    """Send it, and say what came of it. Blocks, at most for the destination's time-out.

    Parameters
    ----------
    now : the moment of the try, which stands in signatures and headers
    """
    if not _fits(delivery, destination):
        return Dead("it was planned when this destination was of another kind: plan it again")
    try:
        return _sent(delivery, destination, now)
    except SecretError as error:
        return Parked(str(error))


def _sent(delivery: Delivery, destination: Destination, now: int) -> Outcome:
    match destination.channel:
        case Webhook() as channel:
            return webhook.send(delivery, channel, now)
        case JsonLines() as channel:
            return files.send(delivery, channel)
        case Email() as channel:
            return mail.send(delivery, channel, now)
        case channel:
            return slack.send(delivery, channel, now)


_KEYS: dict[type, frozenset[str]] = {
    Webhook: frozenset({"type", "data"}),
    JsonLines: frozenset({"type", "data", "key"}),
    Email: frozenset({"to", "from", "subject", "text", "html"}),
    SlackWebhook: frozenset({"text", "blocks"}),
    SlackChannel: frozenset({"text", "blocks", "channel"}),
}
"""What the payload for a kind of channel has. A file may have been edited since a delivery was planned."""


def _fits(delivery: Delivery, destination: Destination) -> bool:
    payload = json.loads(delivery.payload)
    return isinstance(payload, dict) and _KEYS[type(destination.channel)] <= payload.keys()
