"""Runs one of the Python clients, unchanged: python python_clients.py CLIENT KEY URL FAULT_KEY FAULT_URL FAULTS.

First it says what there is to say to a server whose clock is an hour ahead, with one event that no reader reads; then
it sends FAULTS events, one by one, to a server that misbehaves.
"""

import json
import sys
from datetime import UTC, datetime

WHEN = datetime(2025, 3, 1, 10, 0, 0, 123000, tzinfo=UTC)
ABSURD = datetime(1960, 1, 1, tzinfo=UTC)
errors = []


def failed(error, items=None):
    errors.append(repr(error))


def like_segment(module):
    client = module.Client(key, host=url, on_error=failed, timeout=2)
    client.identify("u1", {"plan": "pro"})
    client.track("u1", "Ran", {"n": 1}, context={"groupId": "acme"})
    client.track("u1", "Absurd", timestamp=ABSURD)
    client.track("u1", "Before", timestamp=WHEN)
    client.group("u1", "acme", {"seats": 5})
    client.flush()
    client.join()
    client = module.Client(fault_key, host=fault_url, on_error=failed, timeout=2)
    for number in range(int(faults)):
        client.track("u1", f"Fault {number}")
        client.flush()
    client.join()


def posthog():
    from posthog import Posthog

    client = Posthog(key, host=url, on_error=failed, timeout=2)
    client.set(distinct_id="u1", properties={"plan": "pro"})
    client.capture("Ran", distinct_id="u1", properties={"n": 1}, groups={"company": "acme"})
    client.capture("Absurd", distinct_id="u1", timestamp=ABSURD)
    client.capture("Before", distinct_id="u1", timestamp=WHEN)
    client.group_identify("company", "acme", {"seats": 5})
    client.shutdown()
    client = Posthog(fault_key, host=fault_url, on_error=failed, timeout=2)
    for number in range(int(faults)):
        client.capture(f"Fault {number}", distinct_id="u1")
        client.flush()
    client.shutdown()


_, name, key, url, fault_key, fault_url, faults = sys.argv
if name == "posthog-python":
    posthog()
elif name == "segment-python":
    import segment.analytics.client as module

    like_segment(module)
elif name == "rudder-python":
    import rudderstack.analytics.client as module

    like_segment(module)
else:
    import customerio.analytics.client as module

    like_segment(module)
print(json.dumps(errors))
