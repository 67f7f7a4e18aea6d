"""The tokens of PromQL with their places, and what to blame where they make no sense: promql-parser seldom says where."""

from __future__ import annotations

import re
from dataclasses import dataclass

COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<="})
SETS = frozenset({"and", "or", "unless"})
MOST_CHARACTERS = 50_000
MOST_NESTING = 150
MOST_OPERATORS = 200
"""Larger and deeper expressions are nobody's. promql-parser is recursive and ends the process some thousand levels down."""
TOO_LARGE = "this PromQL is too large or too deeply nested to be looked at; split it by recording rules"

_TOKEN = re.compile(
    r"""
    (?P<skip> \s+ | \#[^\n]* )
  | (?P<text> "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*` )
  | (?P<number> 0[xX][0-9a-fA-F]+ | (?:\d+(?:ms|[smhdwy]))+(?!\w) | (?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)? )
  | (?P<word> [A-Za-z_:][\w:.]* )
  | (?P<sign> == | != | >= | <= | =~ | !~ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_LISTS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right", "fill", "fill_left", "fill_right"})


@dataclass(slots=True)
class Token:
    """`kind`: word, number, text (a string), sign, or `{` and `[` for a group. `closing`: index of the matching `)`."""

    kind: str
    text: str
    start: int
    end: int
    closing: int = -1


def _raw(expression: str) -> list[Token]:
    return [Token(str(match.lastgroup), match[0], match.start(), match.end()) for match in _TOKEN.finditer(expression)]


def tokens(expression: str) -> list[Token]:
    """The tokens that have a part of their own: `{…}` and `[…]` are one each; lists of labels and offsets are left out."""
    raw = [token for token in _raw(expression) if token.kind != "skip"]
    found: list[Token] = []
    at = 0
    while at < len(raw):
        token = raw[at]
        at += 1
        if token.text in ("{", "["):
            close = "}" if token.text == "{" else "]"
            while at < len(raw) and raw[at].text != close:
                at += 1
            end = raw[at].end if at < len(raw) else token.end
            found.append(Token(token.text, expression[token.start : end], token.start, end))
            at += 1
        elif token.kind == "word" and token.text.lower() in _LISTS:
            if at < len(raw) and raw[at].text == "(":
                while at < len(raw) and raw[at].text != ")":
                    at += 1
                at += 1
        elif token.text == "@" or token.text.lower() == "offset":
            at += 1 if at < len(raw) and raw[at].text == "-" else 0
            if at < len(raw) and raw[at].kind == "word":
                at += 2
            at += 1
        else:
            found.append(token)
    opened: list[int] = []
    for index, token in enumerate(found):
        if token.text == "(":
            opened.append(index)
        elif token.text == ")" and opened:
            found[opened.pop()].closing = index
    return found


def is_too_large(expression: str) -> bool:
    """Whether the parser must not see it: operators and brackets alike make its tree deep."""
    if len(expression) > MOST_CHARACTERS:
        return True
    if len(expression) <= MOST_NESTING:
        return False
    raw, depth, deepest, operators = _raw(expression), 0, 0, 0
    for token in raw:
        depth += (token.text in "([{") - (token.text in ")]}")
        deepest = max(deepest, depth)
        operators += token.text in _OPERATORS or token.text.lower() in SETS
    return deepest > MOST_NESTING or operators > MOST_OPERATORS


def blame(expression: str, why: str) -> tuple[int, int, str]:
    """The stretch to blame for what does not parse, and why; the parser's own words where nothing better is known."""
    raw = [token for token in _raw(expression) if token.kind != "skip"]
    unbalanced = _unbalanced(raw, len(expression))
    if unbalanced is not None:
        return unbalanced
    for word in re.findall(r"'([^']+)'|for (\S+)$", why):
        at = expression.find(word[0] or word[1])
        if at >= 0 and not _DOUBLED.search(expression):
            return at, at + len(word[0] or word[1]), why
    if raw and (raw[-1].text in _ENDLESS or raw[-1].text.lower() in SETS):
        return raw[-1].start, raw[-1].end, f"nothing follows '{raw[-1].text}'"
    doubled = _DOUBLED.search(expression)
    if doubled:
        return doubled.start(), doubled.end(), f"'{doubled[0]}' is no operator of PromQL"
    return 0, len(expression.rstrip()), why.replace("invalid promql query", "the parser does not understand it")


def _unbalanced(raw: list[Token], end: int) -> tuple[int, int, str] | None:
    opened: list[Token] = []
    pairs = {")": "(", "]": "[", "}": "{"}
    for token in raw:
        if token.text in pairs.values():
            opened.append(token)
        elif token.text in pairs:
            if not opened or opened.pop().text != pairs[token.text]:
                return token.start, token.end, f"'{token.text}' closes nothing"
        elif token.text in ('"', "'", "`"):
            return token.start, end, "a string is not closed"
    return (opened[-1].start, opened[-1].end, f"'{opened[-1].text}' is not closed") if opened else None


_OPERATORS = COMPARISONS | {"+", "-", "*", "/", "%", "^"}
_ENDLESS = COMPARISONS | {"+", "-", "*", "/", "%", "^", ","}
_DOUBLED = re.compile(r"&&|\|\||(?<![=!<>~])=(?![=~])(?![^{]*\})|<>")
