"""Where transitions are told: which deliveries follow from one, what they say, and how they are sent.

`plan` decides, as data and without a clock: for each destination a `Delivery` or a `Withheld` with its reason. Whoever
keeps transitions keeps these in the same transaction, unique by `key`. `attempt` makes one try of a delivery that is
due and says what came of it:

========  ==================================================================================================
`Sent`    done
`Retry`   `next_try` says when to try again, or gives it up: `Dead`
`Unsure`  it may have arrived and would be repeated: a person decides; not tried again by itself
`Parked`  the destination must be mended: nothing goes there until a person says so; then all that waits does
`Dead`    it will never be taken: kept with its reason, for a person to replay or forget
========  ==================================================================================================

A wait may end in quiet hours: `due_at(notice, destination, next_try(..))` moves it behind them.
"""

from fireflower.destinations.backoff import next_try
from fireflower.destinations.caps import Ledger
from fireflower.destinations.deliveries import Dead, Delivery, Outcome, Parked, Retry, Sent, Unsure, Withheld, key_of
from fireflower.destinations.facts import facts_of
from fireflower.destinations.loading import DESTINATIONS_FOLDER, load_destination, load_destinations
from fireflower.destinations.next_steps import next_step_of
from fireflower.destinations.nodes import Destination
from fireflower.destinations.notices import Fact, Notice, from_plain, to_plain
from fireflower.destinations.planning import due_at, plan
from fireflower.destinations.sending import attempt

__all__ = [
    "DESTINATIONS_FOLDER", "Dead", "Delivery", "Destination", "Fact", "Ledger", "Notice", "Outcome", "Parked",
    "Retry", "Sent", "Unsure", "Withheld", "attempt", "due_at", "facts_of", "from_plain", "key_of", "load_destination",
    "load_destinations", "next_step_of", "next_try", "plan", "to_plain",
]  # fmt: skip
