"""The engine: broken rules, selection, silence in place, order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.validate import engine
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Defect, Severity
from harness.validate.registry import rules
from harness.validate.rule import ValidationRule
from harness.validate.selection import Selection
from tests.validate.artefacts import SCALER

SETTINGS = Settings(today=date(2026, 9, 1))


def ids(folder: Path, selection: Selection | None = None) -> list[str]:
    return [one.rule for one in engine.validate(engine.read([folder]), SETTINGS, selection).findings]


def test_a_rule_that_breaks_is_told_and_the_others_have_their_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
        raise ZeroDivisionError("no pods")

    broken = ValidationRule("XX001", "broken", "It breaks.", Severity.INFO, check)
    monkeypatch.setattr(engine, "rules", lambda: (*rules(), broken))
    (tmp_path / "a.yaml").write_text(SCALER)
    found = {one.rule: one for one in engine.validate(engine.read([tmp_path]), SETTINGS).findings}
    assert "SC004" in found
    assert found["IN006"].severity is Severity.ERROR
    assert "XX001 (broken) broke on these files: ZeroDivisionError: no pods (test_engine.py:" in found["IN006"].defect.says


@pytest.mark.parametrize("named", ["SC004", "SC", "cron-above-max"])
def test_rules_are_selected_and_ignored_by_id_family_and_name(tmp_path: Path, named: str) -> None:
    (tmp_path / "a.yaml").write_text(SCALER)
    assert "SC004" in ids(tmp_path, Selection(select=(named,)))
    assert "SC004" not in ids(tmp_path, Selection(ignore=(named,)))
    assert "SC004" not in ids(tmp_path, Selection(select=("IN",)))


def test_a_severity_of_the_project_counts_and_an_id_counts_more_than_a_family(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SCALER)
    selection = Selection(select=("SC004",), severities={"SC": Severity.WARNING, "SC004": Severity.INFO})
    found = engine.validate(engine.read([tmp_path]), SETTINGS, selection).findings
    assert [one.severity for one in found] == [Severity.INFO]


def test_a_name_that_fits_no_rule_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadInput, match=r"There is no rule or family 'SC04'; did you mean 'SC0.4'"):
        Selection(select=("SC04",)).check(rules())


def test_the_order_of_paths_and_naming_a_file_twice_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b/x.yaml", "a/y.yaml", "c.yaml"):
        path = Path(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(SCALER.replace("crm", path.stem))
    told = [
        [(str(one.place), one.rule) for one in engine.validate(engine.read(paths), SETTINGS).findings]
        for paths in (
            [Path()],
            [Path("c.yaml"), Path("b"), Path("a")],
            [Path("a"), Path("b"), Path("a/y.yaml"), Path("c.yaml")],
        )
    ]
    assert told[0]
    assert told[0] == told[1] == told[2]
