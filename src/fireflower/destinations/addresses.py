"""Where a host name leads, and whether one may go there: a URL in a project must not open the inside of a network."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

_METADATA = frozenset({ip_address("168.63.129.16"), ip_address("192.0.0.192")})
"""Addresses at which clouds answer their guests, among the public ones. The others are link-local or private."""
_TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("2002::/16"), ip_network("2001::/32"), ip_network("::/96"))
"""IPv6 that stands for an IPv4 address: NAT64, 6to4, Teredo, and the old compatible form."""
_NOT_GLOBAL = (
    *(ip_network(net) for net in ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4")),
    *(ip_network(net) for net in ("192.88.99.0/24", "64:ff9b:1::/48", "fec0::/10", "100::/64", "2001:db8::/32")),
)


class Unresolvable(Exception):
    """A host name leads nowhere, for now."""


class Forbidden(Exception):
    """A host name leads to where the destination may not go."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address to connect to. What was looked at is what is connected to: nobody asks for the name again."""

    host: str
    port: int
    ip: str


def endpoints(host: str, port: int, *, allow_private: bool, timeout: float) -> list[Endpoint]:
    """The addresses of a host, resolved once.

    Parameters
    ----------
    host : a name, or an address in any form that the system reads: "2130706433" is 127.0.0.1
    timeout : seconds; the system's resolver knows no limit of its own

    Raises
    ------
    Unresolvable
        If the name is not known, or not within the time.
    Forbidden
        If any of its addresses is not public, and `allow_private` is not said. (Any, because a name with one public
        and one private address is a trick or a mistake.)
    """
    found = _resolved(host, port, timeout)
    for address in found if not allow_private else ():
        if not is_public(address):
            raise Forbidden(
                f"{host} leads to {address}, which is not a public address. If it is meant, say `allow_private: true`."
            )
    return [Endpoint(host, port, str(address)) for address in found]


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet's, and not a cloud's metadata service.

    >>> [is_public(ip_address(ip)) for ip in ("93.184.215.14", "10.0.0.1", "::ffff:127.0.0.1", "169.254.169.254")]
    [True, False, False, False]
    """
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in net for net in _TRANSLATED):
            return False
    outside = any(address in net for net in _NOT_GLOBAL if net.version == address.version)
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not outside
        and (address not in _METADATA)
    )


def literal(host: str) -> Address | None:
    """The address that a host is written as, in any form that systems read; None for a name.

    >>> literal("2130706433"), literal("0x7f.1"), literal("example.com")
    (IPv4Address('127.0.0.1'), IPv4Address('127.0.0.1'), None)
    """
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host)) if host[:1].isdigit() else None
    except (OSError, UnicodeError):
        return None


def _resolved(host: str, port: int, timeout: float) -> list[Address]:
    answer: list[list[Address] | OSError | UnicodeError] = []
    thread = threading.Thread(target=_resolve, args=(host, port, answer), daemon=True)
    thread.start()
    thread.join(timeout)
    if not answer:
        raise Unresolvable(f"the name {host} was not resolved within {timeout:.0f} seconds")
    if isinstance(answer[0], OSError | UnicodeError):
        raise Unresolvable(f"the name {host} cannot be resolved: {getattr(answer[0], 'strerror', '') or 'not a name'}")
    return answer[0]


def _resolve(host: str, port: int, answer: list[list[Address] | OSError | UnicodeError]) -> None:
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        answer.append(list(dict.fromkeys(ip_address(str(info[4][0]).partition("%")[0]) for info in infos)))
    except (OSError, UnicodeError) as error:
        answer.append(error)
