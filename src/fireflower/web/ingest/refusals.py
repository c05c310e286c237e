"""Requests that are refused as a whole. The answer's words are the error's."""

from __future__ import annotations


class Refusal(Exception):
    """The request is not taken.

    Attributes
    ----------
    status : of HTTP
    code : the kind of fault, for programs
    message : what is wrong and what to do, for people
    retry_after : seconds until the same request may be sent again; None where sending it again does not help
    headers : that the answer has besides
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        retry_after: float | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        self.status, self.code, self.message = status, code, message
        self.retry_after, self.headers = retry_after, headers
        super().__init__(message)


class Gone(Exception):
    """The client has gone away before its request was complete: there is nobody to answer."""


def malformed(message: str) -> Refusal:
    """The body is not what an event client sends; sending it again does not help."""
    return Refusal(400, "malformed_body", message)


def too_large(message: str) -> Refusal:
    """Split it."""
    return Refusal(413, "too_large", message)


def full() -> Refusal:
    """The bodies that others are sending leave no room for it."""
    return Refusal(
        503,
        "overloaded",
        "The server holds as much as it may of what others are sending. Send it again in a moment.",
        1.0,
    )
