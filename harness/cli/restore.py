"""`rehearse restore`: put everything back that a rehearsal changed, also after a crash."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from harness.errors import Exit


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("restore", help="Put back what a rehearsal changed and did not restore (crash, kill -9).")(_restore)


def _restore(
    target: Annotated[str | None, typer.Option("--target", help="Only this target; without it, all of them.")] = None,
    list_only: Annotated[bool, typer.Option("--list", help="Show what is open and change nothing.")] = False,
) -> None:
    """Exit codes: 0 everything is as it was, 3 something could not be put back."""
    from rich.console import Console
    from rich.table import Table

    from harness.safety.restore import describe, restore
    from harness.safety.undo import UndoJournal, state_folder, targets

    console = Console(highlight=False)
    names = [target] if target else targets()
    if list_only:
        table = Table("Target", "Change", "Made", "By", "Why")
        for name in names:
            for entry in UndoJournal(name).open_entries():
                made = datetime.fromtimestamp(entry.at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
                owner = f"{entry.run} (process {entry.pid}, {'running' if entry.owner_lives else 'ended'})"
                table.add_row(name, describe(entry), made, owner, entry.why)
        if table.row_count:
            console.print(table)
        else:
            console.print(f"Nothing to restore: no open change in {state_folder()}.")
        return
    said = [(name, sentence) for name in names for sentence in restore(name)]
    for name, sentence in said:
        mark = "[green]✓[/]" if sentence.done else "[red]✗[/]"
        console.print(f"{mark} {name}: ", end="")
        console.print(sentence, markup=False)
    if not said:
        console.print(f"Nothing to restore: no open change{f' of {target}' if target else ''} in {state_folder()}.")
    if not all(sentence.done for _, sentence in said):
        raise typer.Exit(Exit.INCONCLUSIVE)
