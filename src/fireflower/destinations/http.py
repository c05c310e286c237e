"""One POST: to the very address that was looked at, over verified TLS, within one limit of time, without redirects.

urllib3 rather than httpx: it has no dependencies of its own, reads no proxies from the environment, connects to an
address while TLS verifies a name as a documented option, and tells what was sent from what was not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fireflower.destinations.addresses import Endpoint, Forbidden, Unresolvable, endpoints
from fireflower.destinations.deadline import Deadline
from fireflower.model.moments import SECOND

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection

LONGEST_BODY = 64 * 1024
"""Bytes of an answer that are read; the rest is not wanted."""
_AGENT = "fireflower"
_CONNECT_SECONDS = 5.0
"""For each address, so that a dead one leaves time for the others."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `cut`: the body is longer than was read, or its end did not come."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False

    @property
    def text(self) -> str:
        """The body on one line. It is cut only when secrets have been hidden in it: of half a secret nobody knows."""
        text = self.body.decode("utf-8", errors="replace")
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())

    def json(self) -> Any:
        """The body as JSON; None if it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Failure:
    """There was no answer.

    Attributes
    ----------
    reason : in words, without any part of the URL but its host
    taken : whether the request had gone out, so that it may have been taken
    lasting : whether it will be the same until a person changes something
    """

    reason: str
    taken: bool = False
    lasting: bool = False


def post(url: str, headers: Mapping[str, str], body: bytes, *, timeout: int, allow_private: bool) -> Answer | Failure:
    """The answer to a POST, whatever its status.

    Parameters
    ----------
    timeout : a span, for everything: resolving, connecting, sending, reading
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return Failure("the URL cannot be read", lasting=True)
    if parts.scheme not in ("https", "http") or not host or (parts.scheme == "http" and not allow_private):
        return Failure("expected a URL that begins with https://", lasting=True)
    if "@" in parts.netloc or not url.isascii() or not url.isprintable() or " " in url:
        return Failure("expected a URL without a user's name, blanks and letters beyond ASCII", lasting=True)
    with Deadline(timeout / SECOND) as deadline:
        try:
            found = endpoints(host, port, allow_private=allow_private, timeout=deadline.left())
        except Forbidden as error:
            return Failure(str(error), lasting=True)
        except Unresolvable as error:
            return Failure(str(error))
        connection = _connected(found, parts.scheme == "https", deadline)
        if isinstance(connection, Failure):
            return connection
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        try:
            return _exchange(connection, target, {"Host": parts.netloc, **headers}, body, host, deadline)
        finally:
            connection.close()


def _connected(found: list[Endpoint], tls: bool, deadline: Deadline) -> HTTPConnection | Failure:
    """A connection to the first address that takes one."""
    failure = Failure("no address was found")
    for endpoint in found:
        connection = _connection(endpoint, tls, min(deadline.left(), _CONNECT_SECONDS))
        try:
            connection.connect()
            return connection
        except Exception as error:
            connection.close()
            failure = _not_connected(error, endpoint, deadline)
            if deadline.expired or failure.lasting:
                break
    return failure


def _connection(endpoint: Endpoint, tls: bool, timeout: float) -> HTTPConnection:
    import ssl

    from urllib3.connection import HTTPConnection, HTTPSConnection

    if not tls:
        return HTTPConnection(endpoint.ip, endpoint.port, timeout=timeout)
    return HTTPSConnection(
        endpoint.ip,
        endpoint.port,
        timeout=timeout,
        ssl_context=ssl.create_default_context(),
        server_hostname=endpoint.host,
        assert_hostname=endpoint.host,
    )


def _not_connected(error: Exception, endpoint: Endpoint, deadline: Deadline) -> Failure:
    import ssl

    where = f"{endpoint.host} ({endpoint.ip}, port {endpoint.port})"
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure(f"the certificate of {where} is not to be trusted: {error.verify_message}", lasting=True)
    if isinstance(error, ssl.CertificateError | ValueError) and not isinstance(error, OSError):
        return Failure(f"the certificate of {where} is not for this name", lasting=True)
    if isinstance(error, ssl.SSLError):
        return Failure(f"no TLS connection to {where}: {error.reason or 'broken off'}")
    if deadline.expired or _is_timeout(error):
        return Failure(f"no connection to {where} in time")
    return Failure(f"no connection to {where}: {_why(error)}")


def _exchange(
    connection: HTTPConnection, target: str, headers: Mapping[str, str], body: bytes, host: str, deadline: Deadline
) -> Answer | Failure:
    deadline.watch(connection.sock)
    connection.timeout = deadline.left()
    if connection.sock is not None:
        connection.sock.settimeout(deadline.left())
    try:
        plain = {"User-Agent": _AGENT, "Accept-Encoding": "identity", "Connection": "close", **headers}
        connection.request("POST", target, body=body, headers=plain, preload_content=False, decode_content=False)
        response = connection.getresponse()
    except Exception as error:
        what = "no answer in time" if deadline.expired or _is_timeout(error) else f"no answer: {_why(error)}"
        return Failure(f"{host} took the request and gave {what}", taken=True)
    text, cut = _body(response)
    return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, text, cut)


def _body(response: Any) -> tuple[bytes, bool]:
    """As much of the body as is wanted. The status has come already: a body that breaks off changes nothing of it."""
    pieces: list[bytes] = []
    left = LONGEST_BODY
    try:
        while left > 0:
            piece = response.read(min(left, 8_192), decode_content=False)
            if not piece:
                return b"".join(pieces), False
            pieces.append(piece)
            left -= len(piece)
    except Exception:
        pass
    return b"".join(pieces), True


def _is_timeout(error: BaseException) -> bool:
    from urllib3.exceptions import NewConnectionError
    from urllib3.exceptions import TimeoutError as Urllib3Timeout

    # A refused connection is a kind of time-out to urllib3, for reasons of its history.
    return isinstance(error, TimeoutError | Urllib3Timeout) and not isinstance(error, NewConnectionError)


def _why(error: BaseException) -> str:
    """The system's word for it, or the kind of error; never its text, which may hold the URL."""
    causes: list[BaseException] = [error]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    words = (cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror)
    return next(words, "the connection was broken off" if _is_broken(causes) else type(error).__name__)


def _is_broken(causes: list[BaseException]) -> bool:
    return any("Protocol" in type(cause).__name__ or "Disconnected" in type(cause).__name__ for cause in causes)
