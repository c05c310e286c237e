"""The HTTP API: for a product's own pages, for tools, and for those who watch (docs/api.md)."""

from __future__ import annotations

from fireflower.web.api.application import api

__all__ = ["api"]
