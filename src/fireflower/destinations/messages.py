"""What a message says: built from the evidence, or from the destination's template."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fireflower.destinations.escaping import as_text, cut, plain
from fireflower.destinations.facts import together
from fireflower.destinations.notices import Notice
from fireflower.destinations.templates import TemplateFault, compiled
from fireflower.model.moments import format_moment

ABOUT = ("plan", "employees", "industry", "country", "email", "owner")
"""Traits that people who sell want to see beside a name."""
_MOST_ABOUT = 4
_ENDINGS = {
    "lapsed": "the conditions no longer hold",
    "converted": "the goal is reached",
    "left out": "now among those left out",
}

Escape = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Message:
    """A message in parts; the text of each is escaped for its channel.

    Attributes
    ----------
    headline : who did what, one line
    body : why, and what next; may have several lines
    about : a few traits: "plan: trial · employees: 120"; "" if none are known
    url : as it is, not escaped
    """

    headline: str
    body: str
    about: str
    url: str

    @property
    def text(self) -> str:
        """All of it as text."""
        return "\n".join(part for part in (self.headline, self.body, self.about, self.url) if part)


def message_of(notice: Notice, template: str, escape: Escape = plain) -> Message:
    """The message: the template's text is all of it, headline and body. A template that fails on this very notice is
    told of instead of losing the message."""
    standard = Message(escape(headline(notice)), escape(body(notice)), escape(about(notice)), safe_url(notice.url))
    if not template:
        return standard
    try:
        return Message("", compiled(template, escape, NAMES).render(values_of(notice)), "", "")
    except TemplateFault as fault:
        remark = escape(f"(The template of this destination could not be used: {fault})")
        return Message(standard.headline, f"{standard.body}\n{remark}", standard.about, standard.url)


# --- The standard message ---------------------------------------------------------------------------------------------


def headline(notice: Notice) -> str:
    """'Acme qualifies: team-ready-to-pay'."""
    what, who = notice.title or notice.definition, cut(notice.name, 100)
    if notice.change == "entered":
        return f"{who} qualifies: {what}"
    if notice.change == "left":
        why = _ENDINGS.get(notice.reason, notice.reason)
        return f"{who} no longer qualifies: {what}" + (f" ({why})" if why else "")
    if notice.reason == "qualified":
        return f"Correction: {who} does not qualify after all: {what}"
    return f"Correction: {who} has not stopped qualifying: {what}"


def body(notice: Notice) -> str:
    """'12 reports in the last 7 days, 3 invites, CRM not connected yet. Next: connect the CRM.'"""
    if notice.change == "retracted":
        return "Events that came late, or by another name, have changed what is known."
    missing = [fact for fact in notice.evidence if not fact.holds]
    facts = together(missing if notice.change == "left" and missing else notice.evidence)
    sentences = [_sentence(facts)] if facts else []
    if notice.next_step and notice.change == "entered":
        sentences.append(f"Next: {cut(notice.next_step.rstrip('.'), 150)}.")
    return " ".join(sentences)


def about(notice: Notice) -> str:
    company = notice.traits.get("account.name") or notice.traits.get("account.company")
    known = [("company", company), *((name, notice.traits.get(name)) for name in ABOUT)]
    shown = [f"{name}: {as_text(value)}" for name, value in known if value not in (None, "", notice.name)]
    return " · ".join(shown[:_MOST_ABOUT])


def safe_url(url: str) -> str:
    """The URL, if it is one of the web and cannot end a line or a link."""
    harmless = url.startswith(("https://", "http://")) and not set(url) & set(" <>|\"'\n\r\t")
    return url if harmless else ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


# --- What templates can name ------------------------------------------------------------------------------------------


class _Traits(dict[str, Any]):
    """Traits by name; one that is missing is None, so that `traits.plan or "no plan"` can be said."""

    def __missing__(self, key: str) -> None:
        return None


def values_of(notice: Notice) -> Mapping[str, Any]:
    """Everything that a template can name."""
    evidence = [
        {"says": fact.says, "condition": fact.condition, "holds": fact.holds, "value": fact.value, "bound": fact.bound,
         "since": format_moment(fact.since), "tipped_by": fact.tipped_by}
        for fact in notice.evidence
    ]  # fmt: skip
    return {
        "name": notice.name,
        "subject": notice.subject,
        "subject_kind": notice.subject_kind,
        "definition": notice.definition,
        "title": notice.title or notice.definition,
        "kind": notice.kind,
        "change": notice.change,
        "reason": notice.reason,
        "facts": together(notice.evidence),
        "evidence": evidence,
        "missing": [fact.says for fact in notice.evidence if not fact.holds],
        "next_step": notice.next_step,
        "headline": headline(notice),
        "message": body(notice),
        "url": safe_url(notice.url),
        "at": format_moment(notice.at),
        "known_at": format_moment(notice.known_at),
        "traits": _Traits(notice.traits),
    }


NAMES = frozenset(values_of(Notice("", "", "person", "", "entered", 0, 0)))
"""The names of `values_of`."""
