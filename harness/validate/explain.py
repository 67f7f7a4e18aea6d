"""The page of a rule, from the package or from the repository that it is developed in."""

from __future__ import annotations

from pathlib import Path

from harness.errors import BadInput
from harness.validate.estate import did_you_mean
from harness.validate.registry import rules

_FOLDERS = (Path(__file__).parent / "pages", Path(__file__).parents[2] / "docs" / "rules")
"""In the wheel the pages lie beside this file (pyproject.toml, force-include)."""


def explained(name: str) -> str:
    """The page of a rule by its id or name, as Markdown. Raises BadInput where there is no such rule."""
    for rule in rules():
        if name.upper() == rule.id or name == rule.name:
            for folder in _FOLDERS:
                page = folder / f"{rule.id}.md"
                if page.is_file():
                    return page.read_text(encoding="utf-8")
            return f"# {rule.id}: {rule.name}\n\n{rule.says}\n"
    known = [one for rule in rules() for one in (rule.id, rule.name)]
    raise BadInput(f"There is no rule '{name}'{did_you_mean(name.upper(), known) or did_you_mean(name, known) or '.'}")


def listing() -> str:
    """Every rule on a line."""
    return "".join(f"{rule.id:<6} {rule.severity!s:<8} {rule.says}\n" for rule in rules())
