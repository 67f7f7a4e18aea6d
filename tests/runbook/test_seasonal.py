"""The shipped runbook agrees with what is deployed: its table, its windows, its alerts, its links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.expectations.registry import kinds
from harness.runbook.page import Page, read_page
from harness.runbook.runbook import load_runbook

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = ROOT / "runbooks" / "seasonal.md"
VALUES: dict[str, Any] = yaml.safe_load((ROOT / "crm/chart/values.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page() -> Page:
    return read_page(RUNBOOK.read_text(encoding="utf-8"), RUNBOOK)


def alerts() -> list[dict[str, Any]]:
    files = sorted((ROOT / "crm/chart/rules").glob("*.yaml"))
    groups = [group for file in files for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def test_the_table_of_pre_scaled_pods_is_what_the_chart_deploys(page: Page) -> None:
    (table,) = [one for one in page.tables if one.heading.anchor == "what-is-pre-scaled-vorskalierung"]
    written = {row[1]: (int(row[2]), int(row[3])) for row in table.rows if row[0] != "all"}

    deployed = {
        f"crm-{component}-{code.lower()}": (plan[component]["min"], plan[component]["seasons"]["oktoberfest"])
        for code, plan in VALUES["territories"].items()
        for component in ("queries", "commands")
    }
    assert written == deployed


def test_what_is_promised_about_pods_is_what_the_table_says(page: Page) -> None:
    (table,) = [one for one in page.tables if one.heading.anchor == "what-is-pre-scaled-vorskalierung"]
    rows = {row[1]: (int(row[2]), int(row[3])) for row in table.rows if row[0] != "all"}
    scale = [
        one.expectation.model_dump() for one in load_runbook(RUNBOOK, kinds()).promises if one.expectation.kind == "scale"
    ]

    assert {one["workload"]: one["at_least"] for one in scale if one["at_least"]} == {
        name: most for name, (_, most) in rows.items()
    }
    changing = {name: usual for name, (usual, most) in rows.items() if usual != most}
    assert {one["workload"]: one["at_most"] for one in scale if one["at_most"]} == changing


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_every_alert_leads_to_a_section_with_steps(page: Page, alert: dict[str, Any]) -> None:
    path, _, anchor = alert["annotations"]["runbook_url"].partition("#")

    assert path == "runbooks/seasonal.md"
    assert anchor == alert["alert"].lower()
    heading = page.heading(anchor)
    assert heading is not None
    lines = RUNBOOK.read_text(encoding="utf-8").splitlines()[heading.line :]
    section = "\n".join(lines).split("\n#", 1)[0]
    assert re.search(r"^1\. ", section, re.MULTILINE), f"no steps for {alert['alert']}"


def test_links_within_the_page_lead_somewhere(page: Page) -> None:
    anchors = {heading.anchor for heading in page.headings}
    links = re.findall(r"\]\(#([^)]+)\)", RUNBOOK.read_text(encoding="utf-8"))

    assert links
    assert [link for link in links if link not in anchors] == []


@pytest.mark.parametrize(
    ("season", "sentence"),
    [
        ("spargel", "From 1 March to 24 June"),
        ("oktoberfest", "From 1 September to 15 October"),
        ("weihnachten", "From 15 November to 24 December"),
    ],
)
def test_the_dates_of_the_seasons_are_those_of_the_cron_windows(season: str, sentence: str) -> None:
    months = ["", "January", "February", "March", "April", "May", "June", "July", "August"]
    months += ["September", "October", "November", "December"]
    window = VALUES["seasons"][season]
    (_, _, first_day, first_month, _), (_, _, last_day, last_month, _) = window["start"].split(), window["end"].split()

    assert sentence == f"From {first_day} {months[int(first_month)]} to {last_day} {months[int(last_month)]}"
    assert sentence in RUNBOOK.read_text(encoding="utf-8")
