"""Every command that a page names can be typed; those that change nothing are run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Code, code, pages
from tests.docs.shell import commands_of, harmless, problem


@pytest.mark.parametrize("page", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_a_page_names_exists_with_its_options(page: Path) -> None:
    wrong = [
        f"{one.where}: {command}: {found}"
        for one in code(page)
        for command in commands_of(one)
        if (found := problem(command, whole=one.info is not None))
    ]

    assert wrong == []


def harmless_commands() -> list[str]:
    return sorted({command for page in pages() for one in code(page) for command in commands_of(one) if harmless(command)})


@pytest.mark.parametrize("command", harmless_commands())
def test_a_command_that_changes_nothing_does_what_the_page_says(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli.main", *command.split()[1:]],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_the_pages_name_commands_that_are_run_here() -> None:
    assert {"rehearse plan rehearsals/smoke.yaml", "rehearse plan rehearsals/oktoberfest.yaml"} <= set(harmless_commands())


@pytest.mark.parametrize(
    "command",
    [
        "rehearse rehears",
        "rehearse run rehearsals/smoke.yaml --no-such-option",
        "rehearse run rehearsals/nowhere.yaml",
        "rehearse run rehearsals/smoke.yaml --lapse twelve",
        "rehearse run rehearsals/smoke.yaml --lapse 0",
        "rehearse plan rehearsals/smoke.yaml rehearsals/oktoberfest.yaml",
        "rehearse schema verdict",
        "rehearse parts bild",
        "rehearse judge",
        "make no-such-target",
        "make unit NO_SUCH_VARIABLE=1",
    ],
)
def test_a_command_that_cannot_be_typed_is_found(command: str) -> None:
    assert problem(command, whole=True)


@pytest.mark.parametrize(
    ("command", "right"),
    [
        ("rehearse judge", True),
        ("rehearse up --bin-dir", True),
        ("rehearse up --no-such", False),
        ("rehearse jugde", False),
    ],
)
def test_a_sentence_may_name_a_command_without_its_arguments_but_not_one_that_does_not_exist(
    command: str, right: bool
) -> None:
    assert (problem(command, whole=False) is None) is right


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("make rehearse   # sets up\nmake smoke", ["make rehearse", "make smoke"]),
        ("export KUBECONFIG=$(rehearse kubeconfig)", ["rehearse kubeconfig"]),
        ("rehearse schema runbook > runbook.schema.json", ["rehearse schema runbook"]),
        ("rehearse run a.yaml \\\n  --keep", ["rehearse run a.yaml    --keep"]),
        ("kubectl get pods", []),
    ],
)
def test_commands_are_found_in_shell_blocks(text: str, found: list[str]) -> None:
    assert list(commands_of(Code(text, "sh", "here"))) == found
