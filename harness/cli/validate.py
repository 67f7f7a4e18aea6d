"""`rehearse validate`, `rehearse explain`: what is wrong between runbook, autoscaling, alerts, calendar and SQL."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

HELP = """Find what is wrong between runbooks, autoscaling, alert rules, calendars and SQL before anything runs.

Needs no cluster. Files are recognised by what is in them: Markdown, Kubernetes YAML, Prometheus rules, SQL, iCalendar.
"""
EPILOG = """Examples:\n\n
[bold]rehearse validate .[/] - everything below this folder\n\n
[bold]helm template shop chart | rehearse validate - runbooks/[/] - a rendered chart against the runbooks\n\n
[bold]rehearse validate . --helm crm/chart/values.yaml[/] - the same, rendered for you\n\n
[bold]rehearse validate . --changed-since origin/main --format github[/] - on a pull request\n\n
[bold]rehearse validate . --write-baseline known.json[/], then [bold]--baseline known.json[/] - on an old repository\n\n
[bold]rehearse validate . --coverage --format html > coverage.html[/] - what is promised, scheduled, alerted, rehearsed\n\n
[bold]rehearse explain SC004[/] - what a rule is about\n\n
Exit codes: 0 nothing found, 1 findings at or past --fail-on, 2 bad input.
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("validate", help=HELP, epilog=EPILOG)(validate)
    app.command("explain", epilog="Examples: [bold]rehearse explain SC004[/] · [bold]rehearse explain[/] lists all rules")(
        explain
    )


def validate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Files and folders; `-` reads standard input. Default: this folder."),
    ] = None,
    format: Annotated[
        str, typer.Option("--format", "-f", help="text, json, sarif, junit, markdown, html or github.")
    ] = "text",
    fail_on: Annotated[
        str | None, typer.Option("--fail-on", help="error, warning or info: exit with 1 from there on. [default: error]")
    ] = None,
    changed_since: Annotated[
        str | None,
        typer.Option("--changed-since", metavar="REF", help="Tell only of what changed since a commit or branch."),
    ] = None,
    helm: Annotated[
        list[Path] | None,
        typer.Option(
            "--helm", metavar="VALUES", help="Render the charts below the paths with these values; may be repeated."
        ),
    ] = None,
    year: Annotated[
        int | None,
        typer.Option("--year", min=1970, max=2999, help="Check this calendar year, not the coming twelve months."),
    ] = None,
    no_db: Annotated[bool, typer.Option("--no-db", help="Do not apply SQL to a throw-away PostgreSQL.")] = False,
    understood: Annotated[bool, typer.Option("--understood", help="Show everything that was read out of prose.")] = False,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Show per season what is promised, scheduled, alerted and rehearsed.")
    ] = False,
    emit: Annotated[bool, typer.Option("--emit", help="Show corrected cron triggers for windows that are wrong.")] = False,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="FILE", help="Do not tell of findings that this file holds.")
    ] = None,
    write_baseline: Annotated[
        Path | None, typer.Option("--write-baseline", metavar="FILE", help="Write all findings to this file, and pass.")
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option("--select", metavar="RULE", help="Only this rule or family; may be repeated.")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="RULE", help="Not this rule or family; may be repeated.")
    ] = None,
    holidays: Annotated[
        list[str] | None,
        typer.Option("--holidays", metavar="REGION", help="Whose holidays count, such as DE-BY or AT; may be repeated."),
    ] = None,
) -> int:
    """Read PATHs and check them."""
    import os
    from datetime import date

    from harness.validate.session import Wishes, run

    wishes = Wishes(
        paths=paths or (), format=format, fail_on=fail_on, changed_since=changed_since, helm=helm or (), year=year,
        database=False if no_db else None, understood=understood, coverage=coverage, emit=emit, baseline=baseline,
        write_baseline=write_baseline, select=_split(select), ignore=_split(ignore), holidays=_split(holidays),
    )  # fmt: skip
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    text, code = run(wishes, date.today(), colour)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    sys.stdout.write(text)
    return code


def explain(
    rule: Annotated[str | None, typer.Argument(metavar="RULE", help="Its id, such as SC004, or its name.")] = None,
) -> None:
    """Show what a rule is about: why it hurts, what is bad and what is good. Without RULE, list them all."""
    from harness.validate.explain import explained, listing

    if rule is None:
        print(listing(), end="")
        return
    text = explained(rule)
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(text))
    else:
        print(text, end="")


def _split(values: list[str] | None) -> tuple[str, ...]:
    """`--select SC,AL --select RB001` -> three."""
    return tuple(part for value in values or () for part in value.split(",") if part)
