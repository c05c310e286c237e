"""Leads as the page carries them: the first ones as rows of HTML, all of them as one JSON text for the page's script.

Both are made from the same packed form, in which moments are seconds.
"""

from __future__ import annotations

import json
from typing import Any

from fireflower.language.rounding import rounded
from fireflower.model.moments import SECOND
from fireflower.report import evidence, wording
from fireflower.report.data import Criterion, DefinitionReport, Evidence, Lead

_UNSAFE = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def criteria(definition: DefinitionReport) -> list[dict[str, str]]:
    """The criteria in words, once for all leads: label, what is needed, circle."""
    return [
        {"label": criterion.label, "needed": evidence.needed(criterion), "circle": criterion.circle or ""}
        for criterion in definition.criteria
    ]


def packed(definition: DefinitionReport, as_of: int | None) -> list[dict[str, Any]]:
    """All leads in few letters, in the order in which they came."""
    return [_packed(lead, definition.criteria, as_of or lead.since) for lead in definition.leads]


def _packed(lead: Lead, wanted: tuple[Criterion, ...], as_of: int) -> dict[str, Any]:
    if lead.evidence and len(lead.evidence) != len(wanted):
        raise ValueError(
            f"lead {lead.subject!r} has evidence on {len(lead.evidence)} criteria, the definition has {len(wanted)}: "
            "give one Evidence for each criterion, in their order"
        )
    return {
        "id": lead.subject,
        "name": lead.name,
        "facts": " · ".join(lead.facts),
        "since": lead.since // SECOND,
        "ago": wording.ago(lead.since, as_of),
        "next": lead.next_step,
        "truth": lead.truth,
        "doers": [[each.called, f"{each.did}; last seen {wording.day(each.last)}"] for each in lead.doers],
        "has": [_has(criterion, found) for criterion, found in zip(wanted, lead.evidence, strict=False)],
    }


def _has(criterion: Criterion, found: Evidence) -> list[Any]:
    """Done (0 or 1), the amount in words, progress in percent or None, since (seconds) or None."""
    reached = None if criterion.negated else evidence.progress(found.quantity, criterion.condition)
    return [
        int(evidence.done(criterion, found)),
        evidence.amount(found.quantity, criterion.condition),
        None if reached is None else rounded(reached, [1.0], 0, 0.01),
        None if found.since is None else found.since // SECOND,
    ]


def embedded(wanted: list[dict[str, str]], rows: list[dict[str, Any]]) -> str:
    """All leads as JSON that may stand inside <script>: no "<" in it, whatever the ids are."""
    content = {"criteria": wanted, "leads": rows}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).translate(_UNSAFE)


def day_of_seconds(moment: int) -> str:
    """The calendar day of a packed moment."""
    return wording.day(moment * SECOND)
