"""From the text of a formula to tokens that know their offsets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

TokenKind = Literal["word", "number", "string", "sign", "end"]

_TOKEN = re.compile(
    r"""
    (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<number>-?\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?%?)(?=[\s()\[\],<>=!/]|&&|\|\||$)
  | (?P<sign><=|>=|!=|==|&&|\|\||[<>=()\[\],/])
  | (?P<word>(?:(?!&&|\|\|)[^\s()\[\],<>=!"'])(?:(?!&&|\|\|)[^\s()\[\],<>=!"]|(?!&&|\|\|)')*)
    """,
    re.VERBOSE | re.DOTALL,
)
_SPACE = re.compile(r"\s*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is as written, a string's without its quotes; [start, end) are its offsets."""

    kind: TokenKind
    text: str
    start: int
    end: int


class LexicalError(ValueError):
    """A character begins nothing that the language knows."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def tokens_of(text: str) -> list[Token]:
    """All tokens of a text, and one of kind "end" just behind them.

    Raises
    ------
    LexicalError
        At a quote that is never closed, or a lone '!'.
    """
    tokens: list[Token] = []
    at = _skip_space(text, 0)
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise LexicalError(_complaint(text[at]), at)
        tokens.append(_token(match))
        at = _skip_space(text, match.end())
    end = tokens[-1].end if tokens else 0
    tokens.append(Token("end", "", end, end))
    return tokens


def quoted(text: str) -> str:
    """The text in quotes, so that it is read back as it is."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _token(match: re.Match[str]) -> Token:
    kind: TokenKind = match.lastgroup  # type: ignore[assignment]
    text = match[0]
    if kind == "string":
        text = _ESCAPE.sub(r"\1", text[1:-1])
    return Token(kind, text, match.start(), match.end())


def _complaint(character: str) -> str:
    if character in "\"'":
        return f"the quote {character} is never closed."
    if character == "!":
        return "'!' means nothing by itself: write 'not', or '!=' for different."
    return f"the character {character!r} is not expected here."
