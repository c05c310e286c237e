"""Reading fireflower.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Literal

from fireflower.language import keys
from fireflower.language.circles import speaking_for
from fireflower.language.cursor import NoNames
from fireflower.language.databases import database_from
from fireflower.language.documents import ListNode, MapNode, Node, plain_value
from fireflower.language.expressions import UNKNOWN, quantity_of
from fireflower.language.forms import Reading, events_from, formula_from, goal_from
from fireflower.language.nodes import Events, Formula, Settings, Trait
from fireflower.language.places import Notes, Place
from fireflower.language.trees import choice_of, mapping_of, shown, span_of, text_of
from fireflower.model.errors import did_you_mean
from fireflower.model.moments import DAY
from fireflower.model.records import SubjectKind

Attribution = Literal["only", "all", "latest"]
ATTRIBUTIONS: tuple[Attribution, ...] = ("only", "all", "latest")
_SUBJECTS: dict[str, SubjectKind] = {"people": "person", "accounts": "account"}


def settings_from(node: Node, file: str, notes: Notes) -> Settings:
    """The settings in a tree. With faults noted, they are not to be used."""
    form = mapping_of(node, keys.SETTINGS, "the settings", notes)
    if form is None:
        return Settings()
    anchors = _Anchors(form, notes)
    name = form.get("project")
    return Settings(
        name=text_of(name, "the project's name", notes) if name else "",
        start=anchors.events("start"),
        activation=anchors.events("activation"),
        goal=anchors.events("goal"),
        leave_out=tuple(_leave_out(form.get("leave_out"), anchors)),
        timezone=_zone(form.get("timezone"), notes),
        timezone_traits=tuple(_zone_traits(form.get("timezone_traits"), notes)),
        timeless=tuple(_timeless(form.get("timeless"), notes)),
        attribution=_attribution(form.get("attribution"), notes),
        account_email=_person_trait(form.get("account_email"), notes),
        shared_domains=tuple(_domains(form.get("shared_domains"), notes)),
        speaks_for=tuple(speaking_for(form.get("circles"), notes)),
        links=tuple(_links(form.get("links"), notes)),
        retention=_retention(form.get("retention"), notes),
        database=database_from(form.get("database"), notes),
        imports=_imports(form.get("imports"), notes),
        file=file,
        mentions=notes.sorted_mentions(),
    )


class _Anchors(NoNames):
    """In the settings, `start`, `activation` and `goal` are the anchors, and nothing else has a name."""

    def __init__(self, form: MapNode, notes: Notes) -> None:
        super().__init__()
        self.form = form
        self.notes = notes
        self._found: dict[str, Events | None] = {}

    def events(self, key: str) -> Events | None:
        node = self.form.get(key)
        if node is not None and key not in self._found:
            read = goal_from if key == "goal" else events_from
            self._found[key] = read(node, Reading(NoNames(), self.notes))
        return self._found.get(key)

    def anchor(self, name: str, place: Place) -> Events | None:
        return self.events(name) if name in self.anchor_names() else None

    def anchor_names(self) -> tuple[str, ...]:
        return ("start", "activation", "goal")


def _leave_out(node: Node | None, anchors: _Anchors) -> Iterator[tuple[SubjectKind, Formula]]:
    form = mapping_of(node, keys.LEAVE_OUT, "leave_out", anchors.notes) if node is not None else None
    for key, value in form.entries if form else ():
        if key.text in _SUBJECTS:
            anchors.subject = _SUBJECTS[key.text]
            yield anchors.subject, formula_from(value, Reading(anchors, anchors.notes))


# --- Time zones -------------------------------------------------------------------------------------------------------


@cache
def zone_names() -> frozenset[str]:
    """The names of all time zones that are known here."""
    from zoneinfo import available_timezones

    return frozenset(available_timezones())


def _zone(node: Node | None, notes: Notes) -> str:
    if node is None:
        return "UTC"
    name = text_of(node, "a time zone such as Europe/Berlin", notes)
    if name and name not in zone_names():
        near = did_you_mean(name, zone_names()) or " Expected a name such as Europe/Berlin or America/New_York."
        notes.fault(node.place, f"there is no time zone {name!r}.{near}")
    return name


def _zone_traits(node: Node | None, notes: Notes) -> Iterator[tuple[SubjectKind, str]]:
    form = mapping_of(node, keys.TIMEZONE_TRAITS, "timezone_traits", notes) if node is not None else None
    for key, value in form.entries if form else ():
        kind: SubjectKind = "person" if key.text == "person" else "account"
        name = text_of(value, "a trait's name", notes).removeprefix(f"{kind}.")
        notes.mention("trait", f"{kind}.{name}", value.place)
        yield kind, name


# --- Other settings ---------------------------------------------------------------------------------------------------


def _timeless(node: Node | None, notes: Notes) -> Iterator[tuple[SubjectKind, str]]:
    if node is not None and not isinstance(node, ListNode):
        notes.fault(node.place, f"expected a list of traits such as [account.industry], got {shown(node)}.")
        return
    for item in node.items if node else ():
        trait = quantity_of(item, NoNames(), notes) if not isinstance(item, MapNode | ListNode) else None
        if isinstance(trait, Trait) and trait is not UNKNOWN:
            yield trait.owner, trait.name
        elif trait is not UNKNOWN:
            notes.fault(item.place, f"expected a trait such as account.industry, got {shown(item)}.")


def _attribution(node: Node | None, notes: Notes) -> Attribution:
    return "only" if node is None else choice_of(node, ATTRIBUTIONS, "an attribution", notes) or "only"


def _person_trait(node: Node | None, notes: Notes) -> str:
    if node is None:
        return ""
    name = text_of(node, "a trait of people such as email", notes).removeprefix("person.")
    if name:
        notes.mention("trait", f"person.{name}", node.place)
    return name


def _domains(node: Node | None, notes: Notes) -> Iterator[str]:
    if node is not None and not isinstance(node, ListNode):
        notes.fault(node.place, f"expected a list of domains such as [partner.com], got {shown(node)}.")
        return
    for item in node.items if node else ():
        domain = text_of(item, "a domain such as partner.com", notes)
        if domain and ("." not in domain.strip(".") or "/" in domain or " " in domain):
            notes.fault(item.place, f"expected a domain such as partner.com, got {shown(item)}.")
        elif domain:
            yield domain


def _links(node: Node | None, notes: Notes) -> Iterator[tuple[SubjectKind, str]]:
    form = mapping_of(node, keys.LINKS, "links", notes) if node is not None else None
    for key, value in form.entries if form else ():
        kind: SubjectKind = "person" if key.text == "person" else "account"
        url = text_of(value, "a URL such as https://app.acme.com/users/{id}", notes)
        if url and (not url.startswith(("https://", "http://")) or "{id}" not in url):
            notes.fault(value.place, f"expected a URL such as https://app.acme.com/users/{{id}}, got {shown(value)}.")
        elif url:
            yield kind, url


def _retention(node: Node | None, notes: Notes) -> int | None:
    span = span_of(node, "a span such as 400 days", notes) if node is not None else None
    if node is not None and span is not None and span < DAY:
        notes.fault(node.place, f"expected events to be kept for a day at least, got {shown(node)}.")
    return span


def _imports(node: Node | None, notes: Notes) -> dict[str, object]:
    """What is said of files; whether it can be meant is known to those who read them."""
    if not isinstance(node, MapNode):
        if node is not None:
            notes.fault(node.place, f"expected keys and values under `imports:`, got {shown(node)}.")
        return {}
    for pattern, _ in node.entries:
        notes.mention("import", pattern.text, pattern.place)
    return {pattern.text: plain_value(mapping) for pattern, mapping in node.entries}
