"""Signatures of webhooks, as the Standard Webhooks convention says: HMAC-SHA256 over id, timestamp and body."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 16, 64


class BadSecret(ValueError):
    """A text is no signing secret. The message does not hold it."""


def signed_headers(key: str, timestamp: int, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers of a signed webhook.

    Parameters
    ----------
    timestamp : seconds since 1970, of this try
    secrets : each signs, the newest first; a receiver accepts if one of them is its own
    """
    content = f"{key}.{timestamp}.".encode() + body
    signatures = (_signature(content, key_in(secret)) for secret in secrets)
    return {
        "webhook-id": key,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def key_in(secret: str) -> bytes:
    """The bytes of a secret such as `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`; the prefix may be missing.

    Raises
    ------
    BadSecret
        If it is not base64, or too short or long to be one.
    """
    text = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadSecret(f"expected {_PREFIX} and base64") from None
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise BadSecret(f"expected {_SHORTEST} to {_LONGEST} bytes in base64, got {len(key)}")
    return key


def _signature(content: bytes, key: bytes) -> str:
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
