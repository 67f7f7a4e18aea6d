"""What a runbook promises is read with its place, and everything that is wrong with it is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.expectations.registry import kinds
from harness.runbook.runbook import Runbook, read_runbook

PATH = Path("runbooks/seasonal.md")


def runbook(text: str) -> Runbook:
    return read_runbook(text, PATH, kinds())


def problems(text: str) -> list[str]:
    with pytest.raises(BadInput) as caught:
        runbook(text)
    return [str(problem) for problem in caught.value.problems]


def block(content: str) -> str:
    return f"# A\n\nIt holds.\n\n```yaml expect\n{content}\n```\n"


SCALE = "{id: a, kind: scale, workload: crm, at_least: 6, after: window-opens, within: 10m}"


def test_an_expectation_knows_the_line_the_heading_and_the_sentence_it_comes_from() -> None:
    (promise,) = runbook(block(SCALE)).promises

    assert promise.source.model_dump() == {
        "path": "runbooks/seasonal.md",
        "line": 6,
        "anchor": "a",
        "heading": "A",
        "sentence": "It holds.",
    }


def test_a_list_is_several_expectations_each_with_its_own_line() -> None:
    found = runbook(block(f"- {SCALE}\n- {SCALE.replace('id: a', 'id: b')}"))

    assert [(one.expectation.id, one.source.line) for one in found.promises] == [("a", 6), ("b", 7)]


def test_a_section_has_its_own_promises_only() -> None:
    text = block(SCALE) + "\n# B\n\nAlso.\n\n```yaml expect\n" + SCALE.replace("id: a", "id: b") + "\n```\n"

    assert [one.expectation.id for one in runbook(text).section("b")] == ["b"]
    assert len(runbook(text).section("")) == 2
    with pytest.raises(BadInput, match="did you mean '#a'"):
        runbook(text).section("aa")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(
            "id: a\nkind: scale\nworkload: crm\nat_last: 6\nafter: start\nwithin: 10m",
            "Unknown key 'at_last'; did you mean 'at_least'? (runbooks/seasonal.md:9)",
            id="unknown key",
        ),
        pytest.param(
            "id: a\nkind: scale\nworkload: crm\nat_least: 6\nafter: start\nwithin: 10 minutes",
            "'within': expected a duration such as 90s, 5m or 1h30m, got '10 minutes' (runbooks/seasonal.md:11)",
            id="wrong unit",
        ),
        pytest.param(
            "id: a\nkind: scale\nworkload: crm\nat_least: 6\nafter: start",
            "'within' is missing; add it (runbooks/seasonal.md:6)",
            id="missing deadline",
        ),
        pytest.param(
            "id: a\nkind: scael",
            "Unknown kind 'scael'; did you mean 'scale'? (runbooks/seasonal.md:7)",
            id="unknown kind",
        ),
        pytest.param("id: a\nid: b", "The key 'id' is given twice; keep one (runbooks/seasonal.md:7)", id="key twice"),
        pytest.param(
            "just words",
            "Expected an expectation with 'id' and 'kind', found something else (runbooks/seasonal.md:6)",
            id="no mapping",
        ),
        pytest.param(
            "# nothing", "This block is empty; write an expectation in it or remove it (runbooks/seasonal.md:5)", id="empty"
        ),
        pytest.param("a: [", "This is not valid YAML:", id="broken YAML"),
    ],
)
def test_a_mistake_in_a_block_is_one_sentence_with_its_line(content: str, says: str) -> None:
    assert any(problem.startswith(says) for problem in problems(block(content))), problems(block(content))


def test_a_missing_kind_lists_the_kinds() -> None:
    (problem,) = problems(block("id: a"))

    assert problem.startswith("'kind' is missing; add one of alert, errors,")


def test_an_id_given_twice_names_both_places() -> None:
    (problem,) = problems(block(f"- {SCALE}\n- {SCALE}"))

    assert problem == ("The id 'a' is already taken at runbooks/seasonal.md:6; change one of them (runbooks/seasonal.md:7)")


def test_all_mistakes_of_all_blocks_are_said_at_once_in_order() -> None:
    text = (
        block("id: a\nkind: scael") + "\nAlso.\n\n```yaml expects\nid: b\n```\n\n```yaml expect\nid: c\nkind: scale\n```\n"
    )

    lines = [problem.rsplit(":", 1)[1].rstrip(")") for problem in problems(text)]

    assert lines[:2] == ["7", "12"]
    assert len(lines) >= 5
    assert lines == sorted(lines, key=int)
