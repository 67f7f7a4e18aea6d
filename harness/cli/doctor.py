"""`rehearse doctor`: what this machine lacks."""

from __future__ import annotations

from typing import Annotated

import typer


def doctor(as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False) -> int:
    """Check whether this machine can run the embedded cluster, and say how to mend what it lacks.

    Exit code 0 when it can, 2 when not. A warning does not hinder.
    """
    from dataclasses import asdict

    from harness.errors import Exit
    from harness.stack.doctor import Level, examine

    findings = examine()
    if as_json:
        import json

        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        from rich.console import Console

        console = Console(highlight=False, soft_wrap=True)
        marks = {Level.GOOD: "[green]✓[/]", Level.WARNING: "[yellow]![/]", Level.BAD: "[red]✗[/]"}
        for finding in findings:
            console.print(marks[finding.level], f"{finding.subject}:", end=" ")
            console.print(finding.text, markup=False)
            if finding.mend and finding.level is not Level.GOOD:
                console.print(f"    {finding.mend}", markup=False)
    return Exit.BAD_INPUT if any(finding.level is Level.BAD for finding in findings) else Exit.PASS


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)
