"""What pages show as YAML is what the models read, and what the README quotes is what the runbook says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from harness.expectations.registry import kinds
from harness.plan.reading import read_plan
from harness.plan.rehearsal import RehearsalSpec
from harness.runbook.runbook import load_runbook
from harness.safety.guard import Allowed
from tests.docs.pages import ROOT, code, pages

OWN_RUNBOOK = ROOT / "docs/how-to/own-runbook.md"
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUNBOOK = ROOT / "runbooks/seasonal.md"


def yaml_blocks() -> list[tuple[str, dict[str, object]]]:
    found = [(one.where, yaml.safe_load(one.text)) for page in pages() for one in code(page) if one.info == "yaml"]
    return [(where, block) for where, block in found if isinstance(block, dict)]


@pytest.mark.parametrize(("where", "block"), yaml_blocks(), ids=[where for where, _ in yaml_blocks()])
def test_yaml_on_a_page_has_only_keys_and_values_that_are_read(where: str, block: dict[str, object]) -> None:
    if set(block) <= set(Allowed.model_fields):
        Allowed.model_validate(block)
        return
    for key, value in block.items():
        assert key in RehearsalSpec.model_fields, f"{where}: {key}"
        kind: Any = RehearsalSpec.model_fields[key].annotation
        TypeAdapter(kind).validate_python(value)


def test_pages_show_rehearsals_and_the_allow_list() -> None:
    keys = {key for _, block in yaml_blocks() for key in block}

    assert {"targets", "contexts", "limits", "runbook"} <= keys


def test_the_page_about_runbooks_is_itself_a_runbook_that_can_be_read() -> None:
    runbook = load_runbook(OWN_RUNBOOK, kinds())

    assert {one.expectation.kind for one in runbook.promises} >= {"scale", "latency", "alert", "query", "http"}


def test_the_readme_quotes_the_runbook_word_for_word() -> None:
    quoted = [line[1:].strip() for line in README.splitlines() if line.startswith(">")]
    words = " ".join(" ".join(line for line in quoted if not line.startswith("```")).split())

    assert words in " ".join(RUNBOOK.read_text(encoding="utf-8").replace("```yaml expect\n", "").split())


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md", "docs/explanation/verdicts.md"])
def test_a_quoted_verdict_names_the_line_of_today(page: str) -> None:
    plans = [read_plan(ROOT / f"rehearsals/{name}.yaml") for name in ("smoke", "oktoberfest")]
    promised = {one.id: one for plan in plans for one in plan.expectations}
    text = (ROOT / page).read_text(encoding="utf-8")
    quoted = [line.split("|") for line in text.splitlines() if "| seasonal.md:" in line]

    assert quoted
    for _, subject, place in quoted:
        assert place.strip() == f"seasonal.md:{promised[subject.split()[0]].source.line}"


def test_the_deadlines_that_the_readme_quotes_are_those_of_the_plan() -> None:
    plan = read_plan(ROOT / "rehearsals/oktoberfest.yaml")
    deadlines = next(one.deadlines for one in plan.expectations if one.id == "notify-queue-alert")
    quoted = " ".join(README.partition("  wanted: ")[2].partition("  observed: ")[0].split())

    assert [f"within {one.deadline:g} s" in quoted for one in deadlines.values()] == [True, True, True]
    assert f"become {deadlines['fires_within'].deadline:g} seconds" in README


def test_the_readme_names_every_kind_of_expectation_and_every_exit_code() -> None:
    table = README.partition("## What is checked")[2]

    assert [kind for kind in kinds() if f"[`{kind}`]" not in table] == []
    assert [code for code in (0, 1, 2, 3, 4, 130) if f"| {code} |" not in table] == []


def test_there_is_a_changelog_with_a_place_for_what_comes() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    unreleased = text.partition("\n## Unreleased\n")[2].partition("\n## ")[0]

    assert unreleased.count("\n- ") >= 1
    assert Path(ROOT / "CHANGELOG.md").is_file()
