"""What stands in SQL files beside SQL: psql's commands and variables, placeholders of migration tools, COPY data.

Everything is replaced by text of the same length, so that offsets stay those of the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLACEHOLDER = re.compile(r"\$\{([\w.:-]+)\}")
_TOKEN = re.compile(
    r"""
      (?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
    | (?P<dollar>(?<!\w)\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z))
    | (?P<escape>\b[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z))
    | (?P<string>'[^']*(?:'|\Z))
    | (?P<quoted>"[^"]*(?:"|\Z))
    | (?P<semicolon>\\;)
    | (?P<meta>\\(?P<command>[A-Za-z!?+_-]+)(?P<arguments>[^\n]*))
    | (?P<variable>(?<![:\w]):(?:'(?P<literal>\w+)'|"(?P<name>\w+)"|(?P<bare>[^\W\d]\w*)))
    | (?P<format>%\((?P<key>\w+)\)s|%s\b)
    """,
    re.S | re.X,
)
_COPY = re.compile(r"^\s*COPY\b[^;']*\bFROM\s+stdin\b[^;\n]*;[^\n]*\n(?P<data>.*?^\\\.[ \t]*$)", re.I | re.M | re.S)
_SENDING = frozenset({"g", "gx", "gset", "gexec", "gdesc", "watch", "crosstabview"})
_QUESTION = re.compile(r"(?<=[=(,\s])\?(?=[\s,);])")


@dataclass(frozen=True, slots=True)
class Include:
    """`\\i` or `\\ir`: which file is read at an offset. `relative`: from the including file's folder."""

    offset: int
    target: str
    relative: bool


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without what is not SQL. `conditional`: stretches between `\\if` and `\\endif`; `held`: placeholders."""

    text: str
    includes: tuple[Include, ...] = ()
    conditional: tuple[tuple[int, int], ...] = ()
    held: tuple[tuple[int, int], ...] = ()
    psql: bool = False


def mask(text: str) -> Masked:
    """Replace psql's commands, variables, placeholders and COPY data."""
    held = [match.span() for match in _PLACEHOLDER.finditer(text)]
    text = _PLACEHOLDER.sub(lambda match: "p_" + re.sub(r"\W", "_", match[1]) + "_", text)
    if "\\." in text:
        text = _COPY.sub(lambda match: match[0][: match.start("data") - match.start()] + _blank(match["data"]), text)
    pieces: list[str] = []
    includes: list[Include] = []
    conditional: list[tuple[int, int]] = []
    opened: list[int] = []
    psql, last = False, 0
    names: set[str] = set()
    for match in _TOKEN.finditer(text):
        new = _replacement(match, text)
        if new is None:
            continue
        pieces += (text[last : match.start()], new)
        last = match.end()
        if match["meta"]:
            psql = True
            command, words = match["command"], match["arguments"].split()
            if command in ("i", "ir", "include", "include_relative") and words:
                includes.append(Include(match.start(), words[0].strip("'\""), command in ("ir", "include_relative")))
            elif command == "if":
                opened.append(match.start())
            elif command == "endif" and opened:
                conditional.append((opened.pop(), match.end()))
        else:
            held.append(match.span())
            names |= {match["bare"]} if match["bare"] else set()
    pieces.append(text[last:])
    masked = "".join(pieces)
    if names and not psql:
        masked = _mask_bodies(masked, names, held)
    return Masked(masked, tuple(includes), tuple(conditional), tuple(sorted(held)), psql)


def _mask_bodies(text: str, names: set[str], held: list[tuple[int, int]]) -> str:
    """The same variables within dollar quotes, where psql leaves them alone but tools that replace text do not."""
    variable = re.compile(rf"(?<![:\w]):(?=(?:{'|'.join(map(re.escape, sorted(names)))})\b)")
    spots = [
        inner.start()
        for match in _TOKEN.finditer(text)
        if match["dollar"]
        for inner in variable.finditer(text, match.start(), match.end())
    ]
    held.extend((spot, spot + 1) for spot in spots)
    letters = list(text)
    for spot in spots:
        letters[spot] = "_"
    return "".join(letters)


def mask_questions(text: str) -> str:
    """Replace the question marks that stand for parameters in JDBC and elsewhere."""
    return _QUESTION.sub("0", text)


def _replacement(match: re.Match[str], text: str) -> str | None:
    if match["meta"] or match["semicolon"]:
        return _without_command(match, text) if match["meta"] else " ;"
    if match["variable"]:
        if match["literal"]:
            return f"'_{match['literal']}'"
        return f'"_{match["name"]}"' if match["name"] else f"_{match['bare']}"
    if match["format"]:
        return f"p_{match['key']}__" if match["key"] else "_s"
    return None


def _without_command(match: re.Match[str], text: str) -> str | None:
    whole = match[0]
    if match["command"] in _SENDING:
        return ";" + " " * (len(whole) - 1)
    begin = text.rfind("\n", 0, match.start()) + 1
    return " " * len(whole) if not text[begin : match.start()].strip() else None


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
