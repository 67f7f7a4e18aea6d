"""Shell commands as pages show them: placeholders, syntax by `bash -n` (nothing is run), the simple commands in them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

_PLACEHOLDER = re.compile(
    r"\{\{.*?\}\}|<[A-Za-zÄÖÜäöü][^<>\n|&;$\"'`]{0,60}>|\[[A-Za-z][\w ./|=-]*\]|\((?:optional|or|oder)[^()\n]*\)|…"
    r"|\.\.\.(?=\s|$)"
)
_HARMLESS = re.compile(r"[\w\s./=:@,+%~^-]*")
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"`$\\\n]*\"|\$\w+|\$\{\w+\}")
_PLAIN = re.compile(r"(?:[\w./=:@,+%~^*?-]+(?:[ \t]+|$))+")
_KEYWORDS = re.compile(r"\b(?:if|then|else|elif|fi|for|while|until|do|done|case|esac|select|function|in)\b")
_TYPED = re.compile(
    r"\s*(?:$|#|[|&)}\\'\"-]|[A-Za-z_]\w*=|(?:if|then|else|elif|fi|for|while|until|do|done|don|case|esac)\b|\[ |\[\[ "
    r"|[./~]|"
    r"(?:sudo|kubectl|oc|psql|promtool|amtool|helm|curl|wget|grep|awk|sed|echo|cat|cd|ls|export|jq|ssh|scp|docker"
    r"|podman|git|make|time|watch"
    r"|xargs|sleep|systemctl|journalctl|pg_\w+|createdb|aws|gcloud|az|rehearse|terraform|ansible\S*|python3?|pip|npm|go"
    r"|java|mvn|kill|ps|df|du"
    r"|find|tar|cp|mv|rm|mkdir|touch|chmod|chown|source|set|test|printf|tail|head|sort|wc|openssl|dig|nc|redis-cli"
    r"|etcdctl|flux|argocd)\b)"
)
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")
_ERROR = re.compile(r"line (?P<line>\d+): (?P<says>.*)")
_SECONDS = 5.0
MOST_CHARACTERS = 20_000
"""Longer scripts are no commands to type."""


@dataclass(frozen=True, slots=True)
class Simple:
    """One simple command: its words without quotes. `row`: the line of the text it begins on, from 0."""

    row: int
    words: tuple[str, ...]


def filled(text: str) -> str:
    """The text with every placeholder (`<pod>`, `{{ name }}`, `[flags]`, `…`) as a word of the same length."""
    return _PLACEHOLDER.sub(lambda found: "X" * len(found[0]), text)


@cache
def syntax_error(text: str) -> tuple[int, str] | None:
    """The row and the message of what bash cannot parse; None where it can, or where there is no bash to ask."""
    script = filled(text)
    if len(script) > MOST_CHARACTERS or "\0" in script or _is_plain(script):
        return None
    bash = shutil.which("bash")
    if bash is None:
        return None
    try:
        # `-n` reads and runs nothing; without an environment there is no BASH_ENV that would be run all the same.
        done = subprocess.run(
            [bash, "--norc", "--noprofile", "-n"],
            input=script,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            env={},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeError):
        return None
    if done.returncode == 0:
        return None
    found = _ERROR.search(done.stderr)
    if found is None:
        return None
    return min(int(found["line"]) - 1, max(script.count("\n") - 1, 0)), found["says"].strip()


def looks_typed(text: str) -> bool:
    """Whether every line begins as a command does, and none as output: tables and messages are pasted into fences too."""
    return all(_TYPED.match(row) for row in filled(text).split("\n"))


def _is_plain(script: str) -> bool:
    """Whether a script is so simple that it must parse: words, closed quotes, pipes. That saves a process."""
    if _KEYWORDS.search(script):
        return False
    bare = _QUOTED.sub("Q", script)
    if _HARMLESS.fullmatch(bare):
        return True
    return all(
        not row.strip() or all(_PLAIN.fullmatch(part.strip()) for part in re.split(r"\|\||&&|\||;(?!;)", row))
        for row in bare.split("\n")
    )


def simple_commands(text: str) -> Iterator[Simple]:
    """The simple commands of a script, between pipes, `&&`, `;` and the like. What does not split into words is none."""
    row, until = 0, ""
    rows = filled(text).split("\n")
    while row < len(rows):
        first, line = row, rows[row]
        while line.endswith("\\") and row + 1 < len(rows):
            row += 1
            line = line[:-1] + " " + rows[row]
        row += 1
        if until:
            until = "" if line.strip() == until else until
            continue
        here = _HEREDOC.search(line)
        until = here[2] if here else ""
        for words in _split(line):
            yield Simple(first, words)


def _split(line: str) -> Iterator[tuple[str, ...]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&\n")
    lexer.commenters = "#"
    lexer.whitespace_split = True
    words: list[str] = []
    try:
        for word in lexer:
            if word and set(word) <= set("();|&"):
                if words:
                    yield tuple(words)
                words = []
            elif word and set(word) <= set("<>"):
                words.append(word)
            else:
                words.append(word)
    except ValueError:
        return
    if words:
        yield tuple(words)
