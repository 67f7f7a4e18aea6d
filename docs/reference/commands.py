"""The page of commands, from what typer knows of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import typer

import harness.cli.main
from docs.reference.markdown import page, prose, table

_NAMES = {Path: "PATH", float: "NUMBER", int: "NUMBER", str: "TEXT"}
_MARKUP = re.compile(r"\[/?[a-z ]*\]")


def commands() -> dict[str, Any]:
    """Every command by its full name (`parts build`), in alphabetical order."""
    if not harness.cli.main.app.registered_commands:
        harness.cli.main._gather()
    return dict(sorted(_leaves(typer.main.get_command(harness.cli.main.app), "")))


def command_page() -> str:
    """Every command with its arguments and options."""
    found = commands()
    index = table(
        ("command", "does"),
        ((f"[`rehearse {name}`](#rehearse-{name.replace(' ', '-')})", _summary(one)) for name, one in found.items()),
    )
    parts = [part for name, one in found.items() for part in _section(name, one)]
    return page(
        "Commands",
        "harness/cli/",
        "`rehearse --help` and `rehearse COMMAND --help` say the same; `rehearse --version` says which version it is. "
        "[Exit codes](exit-codes.md) are those of all commands.",
        index,
        *parts,
    )


def _leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for child, one in children.items():
        yield from _leaves(one, f"{name} {child}".strip())


def _section(name: str, command: Any) -> Iterator[str]:
    yield f"## rehearse {name}"
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and not one.hidden]
    usage = ["rehearse", name, *(["[OPTIONS]"] if options else []), *(_argument(one) for one in arguments)]
    yield f"```text\n{' '.join(usage)}\n```"
    yield prose(_plain(command.help or ""))
    yield table(
        ("argument", "default", "what it is"), ((f"`{_bare(one)}`", _default(one), one.help or "") for one in arguments)
    )
    yield table(("option", "default", "what it does"), ((_option(one), _default(one), one.help or "") for one in options))
    yield prose(_plain(command.epilog or ""))


def _summary(command: Any) -> str:
    return prose(_plain(command.help or "")).split("\n\n")[0]


def _plain(text: str) -> str:
    """Rich markup as Markdown: what is bold in the terminal is code here."""
    text = re.sub(r"\[bold\](.*?)\[/(?:bold)?\]", r"`\1`", text, flags=re.DOTALL)
    return _MARKUP.sub("", text)


def _bare(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _argument(parameter: Any) -> str:
    shown = _bare(parameter) + ("..." if parameter.nargs == -1 else "")
    return shown if parameter.required else f"[{shown}]"


def _option(parameter: Any) -> str:
    names = " ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    if parameter.is_flag:
        return names
    return f"{names} {_value(parameter)}"


def _value(parameter: Any) -> str:
    kind = parameter.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " or ".join(f"`{one.value}`" for one in kind)
    if isinstance(kind, type) and kind in _NAMES:
        return _NAMES[kind] + _range(parameter)
    return "PATH" if "Path" in str(kind) else "VALUE"


def _range(parameter: Any) -> str:
    low, high = parameter.min, parameter.max
    if low is None and high is None:
        return ""
    if high is None:
        return f" (at least {low:g})"
    return f" (at most {high:g})" if low is None else f" ({low:g} to {high:g})"


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if parameter.default in (None, False, [], ()):
        return ""
    return f"`{parameter.default}`"
