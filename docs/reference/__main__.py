"""`python -m docs.reference`: write the pages of this folder again, from the code. `--check` only says which are stale."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from docs.reference.commands import command_page
from docs.reference.exits import exit_page
from docs.reference.models import (
    config_page,
    contexts_page,
    expectations_page,
    findings_page,
    profile_page,
    rehearsal_page,
    verdict_page,
)
from docs.reference.rules import rules_page
from harness.expectations.registry import kinds
from harness.plan.schema import as_text, rehearsal_schema
from harness.runbook.schema import runbook_schema
from harness.validate.config import config_schema
from harness.validate.document import schema as findings_schema

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]


def pages() -> Mapping[Path, str]:
    """Every generated file and what belongs in it."""
    texts = {
        "cli.md": command_page(),
        "rehearsal.md": rehearsal_page(),
        "expectations.md": expectations_page(),
        "profile.md": profile_page(),
        "verdict.md": verdict_page(),
        "contexts.md": contexts_page(),
        "exit-codes.md": exit_page(),
        "config.md": config_page(),
        "findings.md": findings_page(),
        "../rules/index.md": rules_page(),
        "schema/rehearsal.schema.json": as_text(rehearsal_schema()),
        "schema/runbook.schema.json": as_text(runbook_schema(kinds())),
        "schema/config.schema.json": as_text(config_schema()),
        "schema/findings.schema.json": as_text(findings_schema()),
    }
    return {(FOLDER / name).resolve(): text for name, text in texts.items()}


def stale() -> list[Path]:
    """Files that are not what the code says."""
    return [path for path, text in pages().items() if not path.is_file() or path.read_text(encoding="utf-8") != text]


def main(arguments: list[str]) -> int:
    """Exit code 1 where `--check` finds a stale page."""
    found = stale()
    for path in found:
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages()[path], encoding="utf-8")
        sys.stdout.write(f"{'stale' if '--check' in arguments else 'written'}: {path.relative_to(ROOT)}\n")
    return 1 if found and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
