"""HTTP requests of event clients in, durable messages out (docs/ingest.md has the endpoints and the answers)."""

from __future__ import annotations

from fireflower.web.ingest.durable import DurableSink
from fireflower.web.ingest.elsewhere import elsewhere
from fireflower.web.ingest.endpoint import handles, ingest
from fireflower.web.ingest.limits import Limits
from fireflower.web.ingest.ports import Keys, Sink

__all__ = ["DurableSink", "Keys", "Limits", "Sink", "elsewhere", "handles", "ingest"]
