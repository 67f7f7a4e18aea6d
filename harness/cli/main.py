"""Entry point: gathers the command files beside this one, and turns every error into one sentence and an exit code."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import Annotated

import typer

import harness
import harness.cli
from harness.errors import BadInput, Exit, RehearseError

UsageError = typer.BadParameter.__base__ or typer.BadParameter  # typer names only its subclass

app = typer.Typer(
    name="rehearse",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Rehearse a season before it comes: real load, real faults, and a verdict against the runbook.",
    epilog="Start with: [bold]rehearse doctor[/], then [bold]rehearse run rehearsals/smoke.yaml[/]",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"rehearse {harness.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Nothing is common to all commands but the version."""


def _gather() -> None:
    """Every module in harness.cli with a `register(app)` adds its commands; it imports nothing heavy at its top."""
    for found in sorted(pkgutil.iter_modules(harness.cli.__path__), key=lambda module: module.name):
        if found.name != "main":
            importlib.import_module(f"harness.cli.{found.name}").register(app)


def main() -> None:
    """Run the command line. Exit codes: harness.errors.Exit."""
    _gather()
    try:
        result = app(standalone_mode=False)
        sys.exit(result if isinstance(result, int) else 0)
    except BadInput as error:
        for problem in error.problems:
            print(f"error: {problem}", file=sys.stderr)
        sys.exit(error.exit_code)
    except RehearseError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except typer.Exit as ended:
        sys.exit(ended.exit_code)
    except UsageError as error:
        error.show()
        sys.exit(Exit.BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted", file=sys.stderr)
        sys.exit(Exit.INTERRUPTED)


if __name__ == "__main__":
    main()
