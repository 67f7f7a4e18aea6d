"""The index of the rules of `rehearse validate`, family by family."""

from __future__ import annotations

from itertools import groupby

from docs.reference.markdown import page, table
from harness.validate.registry import rules
from harness.validate.rule import ValidationRule

FAMILIES = {
    "AL": "Alert rules",
    "CA": "Calendars and cron windows",
    "CV": "Coverage",
    "IN": "Input, and what people say to this tool in it",
    "RB": "Runbooks",
    "SC": "Autoscaling",
    "SQ": "SQL",
}


def rules_page() -> str:
    """Every rule with its severity and its page; plug-ins' rules have none here."""
    families = groupby((rule for rule in rules() if rule.check.__module__.startswith("harness.")), key=_family)
    parts = [part for family, found in families for part in (f"## {FAMILIES[family]}", _table(list(found)))]
    return page(
        "Rules",
        "harness/validate/rules/",
        "What `rehearse validate` finds. `rehearse explain ID` shows a page in the terminal. The severity is the highest "
        "that a rule gives: what is inferred from prose is a warning at most. How to silence or select rules: "
        "[validate a repository](../how-to/validate.md).",
        *parts,
    )


def _family(rule: ValidationRule) -> str:
    return rule.id.rstrip("0123456789")


def _table(found: list[ValidationRule]) -> str:
    return table(
        ("rule", "name", "severity", "finds"),
        ((f"[{rule.id}]({rule.id}.md)", f"`{rule.name}`", str(rule.severity), rule.says) for rule in found),
    )
