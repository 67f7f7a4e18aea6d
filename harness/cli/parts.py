"""`rehearse parts`: the programs of the embedded cluster, and building them ahead."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The programs of the embedded cluster: what is pinned, what is built.")


@app.command("list")
def list_parts(
    bin_dir: Annotated[Path | None, typer.Option(help="Look here first, as `rehearse up --bin-dir` does.")] = None,
) -> None:
    """Show every part, its pinned version, when it is needed, and where it lies."""
    from harness.stack import toolchain
    from harness.stack.console import show_parts
    from harness.stack.finding import find
    from harness.stack.parts import PARTS

    toolchains = toolchain.candidates()
    show_parts([(part, find(part, bin_dir, toolchains)) for part in PARTS])


@app.command("build")
def build_parts(
    names: Annotated[list[str] | None, typer.Argument(help="Which parts; default: those every cluster needs.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Those that are built only on request, too.")] = False,
    bin_dir: Annotated[Path | None, typer.Option(help="Use the programs in this folder where their version fits.")] = None,
) -> None:
    """Build parts ahead of `rehearse up`. What is there already is not built again.

    Examples: `rehearse parts build`, `rehearse parts build kubectl promtool`
    """
    from harness.stack.build import provide
    from harness.stack.console import BuildAndStart
    from harness.stack.parts import PARTS, Need, needed, part

    chosen = PARTS if every else tuple(map(part, names)) if names else needed(Need.ALWAYS, Need.STAGING)
    with BuildAndStart(sys.stderr) as progress:
        programs = provide(chosen, bin_dir, progress)
    for name, program in programs.items():
        print(f"{name}\t{program}")


def register(main: typer.Typer) -> None:
    """Add the commands."""
    main.add_typer(app, name="parts")
