"""Which write key a request names: in a header, which wins, in the query, or in the body."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import parse_qs

from fireflower.web.ingest.asgi import Headers

_IN_QUERY = ("writeKey", "api_key", "token")
_IN_TEXT = re.compile(rb'("(?:writeKey|api_key|\$?token)"\s*:\s*)"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_HIDDEN = b"***"


def key_in_headers(headers: Headers) -> str:
    """The key in X-Write-Key or Authorization (Basic as the user's name, or Bearer); "" if they name none."""
    if direct := headers.get(b"x-write-key", b"").strip():
        return direct.decode("utf-8", "replace")
    scheme, _, rest = headers.get(b"authorization", b"").strip().partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip().decode("utf-8", "replace")
    if scheme.lower() != b"basic":
        return ""
    try:
        user, _, password = base64.b64decode(rest.strip()).partition(b":")
    except (binascii.Error, ValueError):
        return ""
    return (user or password).decode("utf-8", "replace")


def key_in_query(query: bytes) -> str:
    """The key in the query, where beacons put it, since they cannot set headers; "" if it names none."""
    if not query:
        return ""
    try:
        said = parse_qs(query.decode("latin-1"), max_num_fields=50)
    except ValueError:
        return ""
    return next((said[name][0] for name in _IN_QUERY if name in said), "")


def without_keys(text: bytes, key: str = "") -> bytes:
    """The text without the key that its sender has named, and without what stands where clients put their keys: whoever
    may read what was kept aside may not send in their place."""
    hidden = _IN_TEXT.sub(rb'\1"%b"' % _HIDDEN, text)
    return hidden.replace(key.encode(), _HIDDEN) if key else hidden
