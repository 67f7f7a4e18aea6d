"""Commands that pages tell people to type, held against what `rehearse` and the Makefile know."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import typer

from docs.reference.commands import commands
from tests.docs.pages import ROOT, Code

_SUBSTITUTION = re.compile(r"\$\((rehearse[^)]*)\)")
_TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
_ASSIGNMENT = re.compile(r"[A-Z][A-Z0-9_]*=")
_ENDS = re.compile(r"[|<>&;].*$")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_OF_A_FILE = re.compile(r"[a-z./-]+/[a-z./-]+\.(?:ya?ml|md)")
USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]
"""What click calls UsageError; typer does not name it."""
_MENTIONED = ("MissingParameter", "BadOptionUsage")
"""Within a sentence, `rehearse run` and `rehearse up --bin-dir` are named, not typed: what follows them may be missing."""
THEIRS = "my-"
"""A file whose name begins so is one that the reader writes."""


def commands_of(code: Code) -> Iterator[str]:
    """`rehearse ...` and `make ...` in a shell block, or as a span of code."""
    if code.info is None:
        lines = [code.text]
    elif code.info == "sh":
        lines = [_COMMENT.sub("", line) for line in code.text.replace("\\\n", " ").splitlines()]
    else:
        return
    for line in lines:
        yield from (found.strip() for found in _SUBSTITUTION.findall(line))
        command = _ENDS.sub("", _SUBSTITUTION.sub("X", line)).strip()
        if re.match(r"(rehearse|make)(\s|$)", command):
            yield command


def problem(command: str, whole: bool) -> str | None:
    """What is wrong with a command; None where it can be typed. `whole`: no argument may be missing."""
    program, *words = shlex.split(command)
    if missing := [word for word in words if _OF_A_FILE.fullmatch(word) and not _is_there(word)]:
        return f"{missing[0]} is not there"
    return _make_problem(words) if program == "make" else _rehearse_problem(words, whole)


def harmless(command: str) -> bool:
    """Whether it changes nothing and its outcome does not depend on the machine, so that a test can run it."""
    words = command.split()
    if any(THEIRS in word or word.isupper() for word in words[1:]):
        return False
    return words[:1] == ["rehearse"] and (
        words[-1] in ("--help", "--version") or (len(words) > 2 and words[1] in ("plan", "schema"))
    )


def _is_there(word: str) -> bool:
    return (ROOT / word).exists() or word.rpartition("/")[2].startswith(THEIRS)


def _make_problem(words: list[str]) -> str | None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(_TARGET.findall(makefile))
    for word in words:
        if _ASSIGNMENT.match(word):
            if f"$({word.partition('=')[0]})" not in makefile:
                return f"the Makefile uses no {word.partition('=')[0]}"
        elif word not in targets:
            return f"the Makefile has no target '{word}'"
    return None


def _rehearse_problem(words: list[str], whole: bool) -> str | None:
    known = commands()
    if not words or words[0] in ("--help", "--version", "COMMAND"):
        return None
    name = next((name for name in known if words[: len(name.split())] == name.split()), None)
    if name is None:
        return None if words[:1] == ["parts"] and words[1:] in ([], ["--help"]) else f"there is no command '{words[0]}'"
    rest = [word for word in words[len(name.split()) :] if word != "--help"]
    try:
        known[name].make_context(name, rest)
    except typer.Exit:
        return None
    except USAGE_ERROR as error:
        if not whole and type(error).__name__ in _MENTIONED:
            return None
        return str(error) or type(error).__name__
    return None
