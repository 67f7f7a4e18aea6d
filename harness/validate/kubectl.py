"""What kubectl understands: its commands and their flags, from its own help (kubectl.txt)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

_WRONG = {
    "restart": "rollout restart",
    "status": "rollout status",
    "history": "rollout history",
    "undo": "rollout undo",
    "rollback": "rollout undo",
    "list": "get",
    "log": "logs",
    "rolling-update": "rollout",
    "start": "scale",
    "stop": "scale",
    "resize": "scale",
    "terminate": "delete",
    "remove": "delete",
    "show": "get or describe",
}
"""What people type for kubectl's verbs. Other unknown words may be plug-ins, which are found on the PATH."""


_GROUPS = ("auth", "certificate", "rollout")
"""Commands that do nothing without a part, and whose parts have no other names."""


@dataclass(frozen=True, slots=True)
class Misuse:
    """What is wrong with a command: the word it is about, one clause on what, one on what to do."""

    word: str
    says: str
    mend: str


@dataclass(frozen=True)
class Known:
    """Commands -> flags (long and short) -> whether a value follows."""

    flags: dict[str, dict[str, bool]]

    @property
    def verbs(self) -> list[str]:
        """The first words."""
        return sorted({name.split()[0] for name in self.flags} - {"options", "newer", "kubectl"})


@cache
def known() -> Known:
    """The table of kubectl.txt."""
    table: dict[str, dict[str, bool]] = {}
    for line in files("harness.validate").joinpath("kubectl.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(":")
            table[name] = {flag: word.endswith("=") for word in rest.split() for flag in word.removesuffix("=").split(",")}
    table["options"].update({"-h": False, "--help": False})
    return Known(table)


def misuse(words: tuple[str, ...]) -> Misuse | None:
    """What kubectl would refuse in `kubectl …`; None where it is fine, or a plug-in's business."""
    rest = list(words[1:])
    command, rest = _command(rest)
    if command is None:
        return None
    table = known().flags
    if command not in table:
        verb = command.split()[0]
        if verb in _WRONG:
            return Misuse(verb, f"kubectl has no command '{verb}'", f"Write `kubectl {_WRONG[verb]}`")
        near = _near(verb, known().verbs)
        return Misuse(verb, f"kubectl has no command '{verb}'{near}", "Correct the command") if near else None
    if command in _GROUPS and (unknown := _unknown_part(command, rest)):
        return unknown
    flags = {**table["options"], **table["newer"], **table[command]}
    # `top pods` and `create cm` are other names of `top pod` and `create configmap`: any of their flags will do.
    for name in table:
        if name.startswith(f"{command} "):
            flags |= table[name]
    return _unknown_flag(command, rest, flags)


def _command(words: list[str]) -> tuple[str | None, list[str]]:
    """The command (`rollout restart`) and all other words; flags of every command may stand before it."""
    options = known().flags["options"]
    others: list[str] = []
    at = 0
    while at < len(words) and words[at].startswith("-"):
        others.append(words[at])
        if options.get(words[at], False):
            at += 1
        at += 1
    if at >= len(words) or not re.fullmatch(r"[a-z][a-z-]*", words[at]):
        return None, []
    command = words[at]
    at += 1
    table = known().flags
    while at < len(words) and f"{command} {words[at]}" in table:
        command = f"{command} {words[at]}"
        at += 1
    return command, others + words[at:]


def _unknown_part(command: str, words: list[str]) -> Misuse | None:
    """`rollout reset`: what does nothing by itself has parts, and the word after it is one of them or wrong."""
    parts = [name.split()[-1] for name in known().flags if name.startswith(f"{command} ")]
    options = known().flags["options"]
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if options.get(words[at], False) else 1
    if not parts or at >= len(words) or words[at] in (*parts, "help") or not re.fullmatch(r"[a-z]+(?:-[a-z]+)*", words[at]):
        return None
    near = _near(words[at], parts)
    mend = "Correct the command" if near else f"Write one of `kubectl {command} {'`, `'.join(sorted(parts))}`"
    return Misuse(words[at], f"`kubectl {command}` has no command '{words[at]}'{near}", mend)


def _unknown_flag(command: str, words: list[str], flags: dict[str, bool]) -> Misuse | None:
    skip = False
    for word in words:
        if word == "--":
            return None
        if skip or not re.match(r"--?[A-Za-z]", word):
            skip = False
            continue
        name, _, value = word.partition("=")
        if word.startswith("--"):
            if name not in flags:
                near = _near(name, (flag for flag in flags if flag.startswith("--")))
                mend = "Correct the flag" if near else f"Remove it, or look at `kubectl {command} --help`"
                return Misuse(name, f"`kubectl {command}` has no flag '{name}'{near}", mend)
            skip = flags[name] and not value and "=" not in word
        else:
            unknown, skip = _short(word, flags)
            if unknown and f"-{word}" in flags:
                return Misuse(word, f"`kubectl {command}` has no flag '{word}'", f"Write '-{word}'")
            if unknown:
                return Misuse(
                    unknown, f"`kubectl {command}` has no flag '{unknown}'", f"Look at `kubectl {command} --help`"
                )
    return None


def _near(word: str, all_: Iterable[str]) -> str:
    near = get_close_matches(word, list(all_), n=1, cutoff=0.75)
    return f"; did you mean '{near[0]}'?" if near else ""


def _short(word: str, flags: dict[str, bool]) -> tuple[str, bool]:
    """The unknown one of `-it`, or '', and whether a value follows: `-n crm`, but not `-ncrm` or `-n=crm`."""
    for at, letter in enumerate(word[1:], 1):
        flag = f"-{letter}"
        if flag not in flags:
            return (flag, False) if letter.isalpha() else ("", False)
        if flags[flag]:
            return "", at == len(word) - 1
    return "", False
