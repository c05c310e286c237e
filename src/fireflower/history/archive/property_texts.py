"""Texts in properties: found where one is the whole of a value, and something else put in their place."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fireflower.history.readers.batches import PropertyForm

_REMOVED = "removed"
"""How what stands in their place begins. The rest is random, so that it is like no other value: as many are different
as before."""

_TOGETHER = 500
"""Texts that are looked for at once: RE2 has no room for very many."""


class PropertyTexts:
    """Some texts.

    Parameters
    ----------
    texts : at least one; addresses are the same in capital letters
    """

    def __init__(self, texts: Iterable[str]) -> None:
        wanted, removed = sorted(texts), f"{_REMOVED} {secrets.token_hex(8)}"
        self._ways = [_ways(wanted[start : start + _TOGETHER], removed) for start in range(0, len(wanted), _TOGETHER)]

    def are_in(self, said: Mapping[str, Any], forms: Mapping[str, PropertyForm]) -> bool:
        """Whether one is in these columns, by their names."""
        import pyarrow.compute as pc

        return any(
            pc.any(pc.match_substring_regex(column, ways[forms[path]][0])).as_py()
            for path, column in said.items()
            for ways in self._ways
            if forms[path] in ways
        )

    def without(self, said: Mapping[str, Any], forms: Mapping[str, PropertyForm]) -> dict[str, Any]:
        """The columns without them."""
        import pyarrow.compute as pc

        left = dict(said)
        for path in said:
            for ways in self._ways:
                if forms[path] in ways:
                    left[path] = pc.replace_substring_regex(left[path], *ways[forms[path]])
        return left


def _ways(texts: Sequence[str], removed: str) -> dict[PropertyForm, tuple[str, str]]:
    """What finds them in columns of each form, and what is put there."""
    plain = "|".join(map(_pattern, texts))
    in_json = "|".join(
        _pattern(form) for text in texts for form in {json.dumps(text), json.dumps(text, ensure_ascii=False)}
    )
    whole = rf"\A(?:{plain})\z", removed
    return {
        "text": whole,
        "cell": whole,
        "json": (rf"(?:{in_json})(\s*(?:[,\]}}]|\z))", rf'"{removed}"\1'),  # not where it is a name
    }


def _pattern(text: str) -> str:
    """What finds it, as RE2 writes it."""
    written = "".join(each if each.isalnum() else f"\\x{{{ord(each):x}}}" for each in text)
    return f"(?i:{written})" if "@" in text else written
