"""One try of one delivery, whatever its destination."""

from __future__ import annotations

from fireflower.destinations import files, mail, slack, webhook
from fireflower.destinations.deliveries import Delivery, Outcome, Parked
from fireflower.destinations.nodes import Destination, Email, JsonLines, Webhook
from fireflower.destinations.secret import SecretError


def attempt(delivery: Delivery, destination: Destination, now: int) -> Outcome:
    """Send it, and say what came of it. Blocks, at most for the destination's time-out.

    Parameters
    ----------
    now : the moment of the try, which stands in signatures and headers
    """
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
