"""Events named as 'Object Done', the usual way, said as English: 'Crm Connected' is 'CRM connected'."""

from __future__ import annotations

import re
from functools import cache

_IRREGULAR = frozenset({
    "begun", "bought", "brought", "built", "chosen", "cut", "done", "drawn", "driven", "found", "given", "gone", "got",
    "hidden", "hit", "kept", "known", "left", "let", "lost", "made", "met", "paid", "put", "read", "rebuilt", "reset",
    "run", "seen", "sent", "set", "shown", "shut", "sold", "spent", "split", "taken", "told", "undone", "withdrawn",
    "won", "written",
})  # fmt: skip
_NO_PARTICIPLES = frozenset({
    "bed", "breed", "embed", "exceed", "feed", "need", "newsfeed", "proceed", "seed", "speed", "succeed",
})  # fmt: skip
_ACRONYMS = frozenset({
    "ai", "api", "aws", "bi", "cad", "cdn", "cli", "crm", "csv", "cta", "dns", "erp", "faq", "gpt", "html", "http",
    "id", "ios", "ip", "json", "kpi", "llm", "mfa", "nps", "oauth", "pdf", "pr", "qa", "qr", "saml", "scim", "sdk",
    "seo", "sla", "sms", "sql", "sso", "ssl", "tls", "ui", "url", "ux", "vpn", "xml", "yaml",
})  # fmt: skip
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z\s_.:/-]+|[A-Z]")
_MOST_WORDS = 6


@cache
def done(name: str) -> tuple[str, str] | None:
    """The object and what was done to it; None if the name does not end with what was done.

    >>> done("Crm Connected"), done("report_run"), done("Login")
    (('CRM', 'connected'), ('report', 'run'), None)
    """
    words = [_cased(word) for word in _WORD.findall(name)]
    if not 2 <= len(words) <= _MOST_WORDS or not _is_participle(words[-1]):
        return None
    return " ".join(words[:-1]), words[-1]


def _is_participle(word: str) -> bool:
    return word in _IRREGULAR or (len(word) > 3 and word.endswith("ed") and word not in _NO_PARTICIPLES)


def _cased(word: str) -> str:
    if word.lower() in _ACRONYMS:
        return word.upper()
    return word if len(word) > 1 and word.isupper() else word.lower()
