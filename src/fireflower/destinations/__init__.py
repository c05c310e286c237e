"""Where transitions are told: which deliveries follow from one, what they say, and how they are sent."""

from fireflower.destinations.backoff import next_try
from fireflower.destinations.caps import Ledger
from fireflower.destinations.deliveries import Dead, Delivery, Outcome, Parked, Retry, Sent, Unsure, Withheld, key_of
from fireflower.destinations.facts import facts_of
from fireflower.destinations.loading import DESTINATIONS_FOLDER, load_destination, load_destinations
from fireflower.destinations.nodes import Destination
from fireflower.destinations.notices import Fact, Notice, from_plain, to_plain
from fireflower.destinations.planning import plan
from fireflower.destinations.sending import attempt

__all__ = [
    "DESTINATIONS_FOLDER", "Dead", "Delivery", "Destination", "Fact", "Ledger", "Notice", "Outcome", "Parked",
    "Retry", "Sent", "Unsure", "Withheld", "attempt", "facts_of", "from_plain", "key_of", "load_destination",
    "load_destinations", "next_try", "plan", "to_plain",
]  # fmt: skip
