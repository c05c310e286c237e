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
_VERBS = {
    "accepted": "accept", "activated": "activate", "added": "add", "assigned": "assign", "built": "build",
    "completed": "complete", "configured": "configure", "connected": "connect", "created": "create",
    "customized": "customize", "deployed": "deploy", "downloaded": "download", "edited": "edit", "enabled": "enable",
    "exported": "export", "finished": "finish", "imported": "import", "installed": "install", "integrated": "integrate",
    "invited": "invite", "launched": "launch", "linked": "link", "opened": "open", "published": "publish", "run": "run",
    "saved": "save", "scheduled": "schedule", "sent": "send", "set": "set", "shared": "share", "started": "start",
    "submitted": "submit", "synced": "sync", "tested": "test", "updated": "update", "upgraded": "upgrade",
    "uploaded": "upload", "verified": "verify", "viewed": "view", "written": "write",
}  # fmt: skip
"""What a step can be. Only these: rules that make 'connect' of 'connected' make 'creat' of 'created'."""
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


def to_do(name: str) -> str | None:
    """The event as something to do; None if its verb is not known.

    >>> to_do("Crm Connected"), to_do("Teammate Invited"), to_do("Data Source Connected")
    ('connect the CRM', 'invite a teammate', 'connect a data source')
    """
    known = done(name)
    verb = _VERBS.get(known[1]) if known else None
    return f"{verb} {_with_article(known[0])}" if known and verb else None


def _with_article(thing: str) -> str:
    first = thing.split()[0]
    if first.isupper() and first == thing:
        return f"the {thing}"
    if thing.endswith("s"):
        return thing
    return f"{'an' if first[0] in 'aeio' else 'a'} {thing}"


def _is_participle(word: str) -> bool:
    return word in _IRREGULAR or (len(word) > 3 and word.endswith("ed") and word not in _NO_PARTICIPLES)


def _cased(word: str) -> str:
    if word.lower() in _ACRONYMS:
        return word.upper()
    return word if len(word) > 1 and word.isupper() else word.lower()
