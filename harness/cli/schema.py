"""`rehearse schema`: JSON Schema of what people write, for their editors."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

HELP = (
    "Print the JSON Schema of a rehearsal file, of a runbook's `yaml expect` blocks, of .rehearse.yaml (config), or of "
    "what `rehearse validate --format json` prints (findings): editors complete and check by it."
)
EPILOG = """Example: [bold]rehearse schema rehearsal > rehearsal.schema.json[/], then begin a file with
[bold]# yaml-language-server: $schema=rehearsal.schema.json[/]"""


class What(StrEnum):
    """What a person writes."""

    RUNBOOK = "runbook"
    REHEARSAL = "rehearsal"
    CONFIG = "config"
    FINDINGS = "findings"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("schema", help=HELP, epilog=EPILOG)(show)


def show(
    what: Annotated[What, typer.Argument(help="Which schema: runbook (an expect block), rehearsal, config or findings.")],
) -> None:
    """Print the schema of WHAT."""
    from harness.plan.schema import as_text

    print(as_text(_schema(what)), end="")


def _schema(what: What) -> dict[str, Any]:
    if what is What.REHEARSAL:
        from harness.plan.schema import rehearsal_schema

        return rehearsal_schema()
    if what is What.CONFIG:
        from harness.validate.config import config_schema

        return config_schema()
    if what is What.FINDINGS:
        from harness.validate.document import schema

        return schema()
    from harness.expectations.registry import kinds
    from harness.runbook.schema import runbook_schema

    return runbook_schema(kinds())
