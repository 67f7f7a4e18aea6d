"""The report in a real browser, opened from disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from harness.expectations.base import Result
from harness.judge.judge import judge
from harness.judge.verdict import Verdict
from harness.report.page import write_report
from tests.report.browser import Page, chromium, page
from tests.report.season import write

RANGE = "document.getElementById('chart')._fullLayout.xaxis.range.join(' ')"
PAPER = "getComputedStyle(document.body).backgroundColor"
INK = "document.getElementById('chart')._fullLayout.font.color"
Look = Callable[[Page], Awaitable[Any]]

in_a_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="no chromium, chromium-browser or google-chrome on PATH"),
]


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Verdict]:
    run = write(tmp_path_factory.mktemp("runs") / "a-season")
    verdict = judge(run)
    return write_report(run, verdict), verdict


@pytest.fixture
def opened(rehearsed: tuple[Path, Verdict]) -> Callable[..., Any]:
    """Open the report and look at it; the browser has ended when this returns."""

    def look(see: Look, **how: Any) -> Any:
        async def visit() -> Any:
            program = chromium()
            assert program
            async with asyncio.timeout(90), page(program) as empty:
                return await see(await empty.open(rehearsed[0].as_uri(), **how))

        return asyncio.run(visit())

    return look


def test_the_record_behind_it_has_every_kind_of_result(rehearsed: tuple[Path, Verdict]) -> None:
    assert {finding.result for finding in rehearsed[1].findings} == set(Result)


def test_the_report_names_no_address_to_load_from(rehearsed: tuple[Path, Verdict]) -> None:
    text = rehearsed[0].read_text()
    assert not [tag for tag in ('<link rel="stylesheet"', "<script src", "<img src", "@import") if tag in text]


class TestInABrowser:
    pytestmark = in_a_browser

    def test_it_opens_without_complaint_and_without_the_network(self, opened: Callable[..., Any]) -> None:
        async def look(report: Page) -> tuple[list[str], list[str]]:
            await report.run("document.getElementById('whole').click()")
            return report.complaints, [url for url in report.requested if not url.startswith(("file:", "data:", "blob:"))]

        complaints, requested = opened(look)
        assert complaints == []
        assert requested == []

    def test_a_page_that_complains_or_uses_the_network_is_noticed(self, opened: Callable[..., Any]) -> None:
        async def look(report: Page) -> tuple[list[str], list[str]]:
            await report.run("console.error('it broke'); fetch('http://127.0.0.1:9/').catch(() => 0)")
            return report.complaints, report.requested

        complaints, requested = opened(look)
        assert any("it broke" in complaint for complaint in complaints)
        assert "http://127.0.0.1:9/" in requested

    def test_the_axis_is_drawn_with_faults_alerts_windows_and_limits(self, opened: Callable[..., Any]) -> None:
        async def look(report: Page) -> tuple[int, str]:
            traces = await report.run("document.querySelectorAll('#chart .trace').length")
            return traces, await report.run("document.getElementById('chart').textContent")

        traces, text = opened(look)
        assert traces > 0
        for name in ("kill-pods", "CrmNotifyQueueFilling", "window opens", "queries: p95 within 100 ms", "crm-queries-ch"):
            assert name in text

    def test_show_on_the_axis_moves_the_axis_and_the_whole_run_brings_it_back(self, opened: Callable[..., Any]) -> None:
        async def look(report: Page) -> list[str]:
            ranges = [await report.run(RANGE)]
            for click in ("document.querySelector('a[data-since]')", "document.getElementById('whole')"):
                await report.run(f"{click}.click(); new Promise(done => setTimeout(done, 200))")
                ranges.append(await report.run(RANGE))
            return ranges

        before, shown, after = opened(look)
        assert shown != before
        assert after == before

    def test_every_link_within_the_page_leads_somewhere(self, opened: Callable[..., Any]) -> None:
        async def look(report: Page) -> tuple[list[str], list[str]]:
            links = "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href').slice(1))"
            return await report.run(links), await report.run(f"{links}.filter(id => !document.getElementById(id))")

        links, dead = opened(look)
        assert "oktoberfest" in links
        assert dead == []

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_it_follows_the_system_and_the_button_turns_it_round(self, opened: Callable[..., Any], scheme: str) -> None:
        async def look(report: Page) -> list[tuple[str, str]]:
            seen = []
            for _ in range(3):
                seen.append((await report.run(PAPER), await report.run(INK)))
                await report.run("document.getElementById('theme').click(); new Promise(done => setTimeout(done, 200))")
            return seen

        first, turned, again = opened(look, scheme=scheme)
        light, dark = (first, turned) if scheme == "light" else (turned, first)
        assert light[0] == "rgb(255, 255, 255)"
        assert dark[0] == "rgb(18, 22, 28)"
        assert light[1] != dark[1]
        assert again == first
