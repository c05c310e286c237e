"""The address that a server listens on, taken before anything else is done, so that a fault is said at once."""

from __future__ import annotations

import errno
import socket

from fireflower.model.errors import FireflowerError

_BACKLOG = 2048
_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""A host such as localhost has addresses of both families, of which a machine may have one."""


class NotListening(FireflowerError):
    """The address cannot be listened on: another is needed, or what uses it has to stop."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen, one for each address of the host.

    Raises
    ------
    NotListening
        If one is in use, or may not be listened on; with what to do.
    """
    sockets: list[socket.socket] = []
    absent = OSError("it has no address")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, address in dict.fromkeys((each[0], each[4]) for each in found):
            try:
                sockets.append(_listening(family, address))
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise
                absent = error
        if not sockets:
            raise absent
    except OSError as error:
        for each in sockets:
            each.close()
        raise NotListening(_reason(error, host, port)) from None
    return sockets


def _listening(family: socket.AddressFamily, address: tuple[object, ...]) -> socket.socket:
    found = socket.socket(family)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        found.bind(address)
        found.listen(_BACKLOG)
    except OSError:
        found.close()
        raise
    return found


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: choose another with --port, or stop what uses it."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} may not be listened on by this user: choose another with --port, such as 8700."
    return (
        f"{host}:{port} cannot be listened on ({error.strerror or error}): name an address of this machine with --host."
    )
