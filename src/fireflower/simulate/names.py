"""Names of companies and people that nobody bears: common words, and domains reserved for examples."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from fireflower.simulate.draws import Draws

VENDOR_DOMAIN = "lumenreports.example"
RIVAL_DOMAIN = "chartwright.example"
FREE_MAIL_DOMAIN = "postbox.example"

_FIRST_WORDS = (
    "Amber", "Arbor", "Beacon", "Birch", "Blue", "Bright", "Cedar", "Cobalt", "Copper", "Coral", "Delta",
    "Ember", "Fable", "Falcon", "Fern", "Flint", "Granite", "Harbor", "Hazel", "Indigo", "Iron", "Juniper",
    "Lark", "Linden", "Maple", "Meadow", "Mosaic", "North", "Nova", "Oak", "Onyx", "Orchard", "Pepper",
    "Pine", "Quartz", "Raven", "River", "Saffron", "Slate", "Sparrow", "Summit", "Thistle", "Tidal",
    "Umber", "Velvet", "Willow", "Winter", "Zephyr", "Café", "Über", "São", "Åre",
)  # fmt: skip
_SECOND_WORDS = (
    "Analytics", "Apparel", "Bank", "Bikes", "Books", "Build", "Care", "Clinic", "Cloud", "Coffee",
    "Consulting", "Dental", "Design", "Digital", "Energy", "Farms", "Films", "Fitness", "Foods", "Freight",
    "Games", "Health", "Homes", "Hotels", "Insurance", "Labs", "Learning", "Legal", "Logistics", "Media",
    "Mobility", "Motors", "Music", "Outdoors", "Partners", "Pay", "Pharma", "Press", "Robotics", "Schools",
    "Security", "Software", "Solar", "Sports", "Studio", "Systems", "Travel", "Works",
)  # fmt: skip
_GIVEN_NAMES = (
    "Ada", "Aisha", "Akira", "Ana", "Ben", "Bjørn", "Carla", "Chloé", "Daniel", "Dev", "Elena", "Emma",
    "Farid", "Fatou", "Grace", "Hana", "Hugo", "Ines", "Ivan", "Jack", "José", "Kofi", "Lea", "Leo", "Lin",
    "Lucía", "Łukasz", "Maya", "Mei", "Milan", "Nadia", "Nils", "Noor", "Olga", "Omar", "Paul", "Priya",
    "Quinn", "Rosa", "Sam", "Sofia", "Tariq", "Tom", "Uma", "Vera", "Wei", "Yara", "Yuki", "Zoë", "Zeynep",
)  # fmt: skip
_FAMILY_NAMES = (
    "Abebe", "Almeida", "Andersson", "Bauer", "Becker", "Brown", "Chen", "Costa", "Dubois", "Eriksen",
    "Fischer", "García", "Gupta", "Haddad", "Hansen", "Ito", "Ivanova", "Jones", "Kaya", "Khan", "Kim",
    "Kowalski", "Lee", "Lopez", "Martin", "Mensah", "Meyer", "Moreau", "Müller", "Nakamura", "Nguyen",
    "Novák", "O'Brien", "Okafor", "Patel", "Petrov", "Rossi", "Sato", "Schmidt", "Silva", "Singh", "Smith",
    "Tanaka", "Taylor", "Torres", "Walker", "Weber", "Williams", "Yılmaz", "Zhang",
)  # fmt: skip


def companies(draws: Draws, count: int) -> list[str]:
    """Company names, each one once."""
    first = draws.below(len(_FIRST_WORDS), count).tolist()
    second = draws.below(len(_SECOND_WORDS), count).tolist()
    return _numbered([f"{_FIRST_WORDS[i]} {_SECOND_WORDS[j]}" for i, j in zip(first, second, strict=True)])


def people(draws: Draws, count: int) -> list[str]:
    """Full names; some are borne by several people."""
    given = draws.below(len(_GIVEN_NAMES), count).tolist()
    family = draws.below(len(_FAMILY_NAMES), count).tolist()
    return [f"{_GIVEN_NAMES[i]} {_FAMILY_NAMES[j]}" for i, j in zip(given, family, strict=True)]


def domain(company: str) -> str:
    return f"{_plain(company, '')}.example"


def emails(names: Sequence[str], domains: Sequence[str]) -> list[str]:
    """One address a person, each one once."""
    return [
        f"{local}@{where}"
        for local, where in zip(_numbered([_plain(name, ".") for name in names], ""), domains, strict=True)
    ]


def _plain(text: str, between: str) -> str:
    """Lower-case ASCII, words joined by `between`."""
    bare = unicodedata.normalize("NFKD", text.replace("ø", "o").replace("Ł", "L").replace("ı", "i"))
    return between.join(re.findall("[a-z0-9]+", bare.encode("ascii", "ignore").decode().lower().replace("'", "")))


def _numbered(texts: Sequence[str], gap: str = " ") -> list[str]:
    """The texts, with a number behind each that has been there before."""
    seen: dict[str, int] = {}
    unique = []
    for text in texts:
        seen[text] = seen.get(text, 0) + 1
        unique.append(text if seen[text] == 1 else f"{text}{gap}{seen[text]}")
    return unique
