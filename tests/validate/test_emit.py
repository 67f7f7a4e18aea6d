"""`--emit` prints triggers that a ScaledObject can take as they are, and that no rule of the calendar finds wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from harness.validate.emit import emitted
from harness.validate.engine import read, validate
from harness.validate.estate import Settings
from harness.validate.finding import Severity

SETTINGS = Settings(today=date(2026, 9, 1))
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
SUMMARY:{name}
{days}
END:VEVENT
END:VCALENDAR
"""
WHOLE = "DTSTART;VALUE=DATE:20260901\nDTEND;VALUE=DATE:20261016\nRRULE:FREQ=YEARLY"
DAILY = (
    "DTSTART;TZID=Europe/Berlin:20260901T060000\nDTEND;TZID=Europe/Berlin:20260901T220000\n"
    "RRULE:FREQ=DAILY;UNTIL=20261015T200000Z"
)
WORKDAYS = (
    "DTSTART;TZID=Europe/Berlin:20260901T060000\nDTEND;TZID=Europe/Berlin:20260901T220000\n"
    "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20261015T200000Z"
)


def scaled_object(triggers: list[dict[str, object]]) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledObject",
            "metadata": {"name": "shop"},
            "spec": {"scaleTargetRef": {"name": "shop"}, "triggers": triggers},
        }
    )


def trigger(start: str, end: str) -> dict[str, object]:
    metadata = {"timezone": "Europe/Berlin", "start": start, "end": end, "desiredReplicas": "6"}
    return {"type": "cron", "name": "oktoberfest", "metadata": metadata}


def wrong(folder: Path) -> list[str]:
    return [
        f"{one.rule} {one.defect.says}"
        for one in validate(read([folder]), SETTINGS).findings
        if one.rule.startswith("CA") and one.severity > Severity.INFO
    ]


@pytest.mark.parametrize(
    "days", [pytest.param(WHOLE, id="whole"), pytest.param(DAILY, id="daily"), pytest.param(WORKDAYS, id="workdays")]
)
@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param("0 6 * 9-10 *", "0 22 * 9-10 *", id="all of October"),
        pytest.param("0 6 8 9 *", "0 22 1 10 *", id="two weeks too few"),
        pytest.param("0 6 1 9 *", "0 22 * * *", id="an end every evening"),
        pytest.param("0 6 1-15 9-10 1-5", "0 22 1-15 9-10 1-5", id="days of the month or of the week"),
    ],
)
def test_emitted_triggers_mend_what_was_wrong(tmp_path: Path, days: str, start: str, end: str) -> None:
    (tmp_path / "seasons.ics").write_text(CALENDAR.format(name="Oktoberfest", days=days), encoding="utf-8")
    scaler = tmp_path / "scaledobject.yaml"
    scaler.write_text(scaled_object([trigger(start, end)]), encoding="utf-8")
    assert wrong(tmp_path)

    (document,) = yaml.safe_load_all(emitted(read([tmp_path]), SETTINGS))
    scaler.write_text(scaled_object(document["triggers"]), encoding="utf-8")

    assert wrong(tmp_path) == []
    assert "nothing to correct" in emitted(read([tmp_path]), SETTINGS)


def test_what_cron_cannot_say_is_told_instead_of_guessed(tmp_path: Path) -> None:
    days = "DTSTART;VALUE=DATE:20260901\nDTEND;VALUE=DATE:20260902\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20261231"
    (tmp_path / "seasons.ics").write_text(CALENDAR.format(name="Oktoberfest", days=days), encoding="utf-8")
    (tmp_path / "scaledobject.yaml").write_text(scaled_object([trigger("0 6 1 9 *", "0 22 15 10 *")]), encoding="utf-8")

    text = emitted(read([tmp_path]), SETTINGS)

    assert "# not expressible in cron: it takes" in text
    assert "triggers:" not in text


def test_promised_workdays_without_holidays_are_named_by_their_dates(tmp_path: Path) -> None:
    (tmp_path / "runbook.md").write_text(
        "# Runbook: seasons\n\nOn call.\n\n## Oktoberfest\n\nThe season lasts from 1 October to 30 November, on "
        "workdays from 06:00 to 22:00, but not on public holidays (Bayern).\n",
        encoding="utf-8",
    )
    scaler = tmp_path / "scaledobject.yaml"
    scaler.write_text(scaled_object([trigger("0 6 * 10-11 1-5", "0 22 * 10-11 1-5")]), encoding="utf-8")
    settings = Settings(today=date(2027, 9, 1))
    told = [one.defect.says for one in validate(read([tmp_path]), settings).findings if one.rule == "CA015"]
    assert len(told) == 1
    assert "Mon 01 Nov 2027" in told[0]

    (document,) = yaml.safe_load_all(emitted(read([tmp_path]), settings))
    scaler.write_text(scaled_object(document["triggers"]), encoding="utf-8")

    assert [
        f"{one.rule} {one.defect.says}" for one in validate(read([tmp_path]), settings).findings if one.rule[:2] == "CA"
    ] == []
