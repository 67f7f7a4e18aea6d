"""The README's pictures, from a recorded run: the live view at its peak, the report in light and dark.

    python -m tests.screenshots [RUN]

Without RUN the latest run is taken. The live view is drawn from a copy of the record that ends at the chosen moment,
so that nothing shows that was not known then.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import re
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from harness.errors import BadInput, RehearseError
from harness.judge.judge import judge_record, plan_of
from harness.plan.model import Plan
from harness.record.reader import RecordReader
from harness.record.rows import FILE_NAME
from harness.report.deciding import decide, due_at
from harness.report.following import Following
from harness.report.page import page as report_page
from harness.report.picture import picture
from tests.report.browser import chromium, page

IMAGES = Path(__file__).parent.parent / "docs" / "images"
WIDTH = 1250
COLUMNS = 104
VIEWS = (("light", 1250, "0"), ("dark", 1500, "document.getElementById('axis').offsetTop - 20"))
"""Colour scheme, height, where the page is scrolled to: the verdict, and the axis. Each file stays below 300 kB."""
TIMES = {"arrivals": "second", "requests": "second", "first_requests": "sent", "gaps": "until", "meta": None}
"""The column that says when a row was known, where that is not `at`."""


def main() -> int:
    """Make all pictures. Exit code 2 with one sentence where there is no run or no browser."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__.splitlines()[0])
    parser.add_argument("run", nargs="?", type=Path, help="folder of a run; the latest of runs/ when left out")
    try:
        run = parser.parse_args().run or latest(Path("runs"))
        IMAGES.mkdir(parents=True, exist_ok=True)
        made = [live_view(run, IMAGES / "live.svg"), *asyncio.run(reports(run, IMAGES))]
    except RehearseError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.writelines(f"{path}\n" for path in made)
    return 0


def latest(runs: Path) -> Path:
    """The newest run that has a verdict. Raises BadInput where there is none."""
    finished = sorted(path.parent for path in runs.glob("*/verdict.json"))
    if not finished:
        raise BadInput(f"There is no finished run in {runs}; `rehearse run rehearsals/oktoberfest.yaml` makes one.")
    return finished[-1]


def peak(plan: Plan) -> float:
    """A moment worth a picture, seconds after t0: soon after the last fault within the busiest phase began to act."""
    busiest = max(plan.phases, key=lambda phase: sum(end for _, end in phase.rates.values()))
    begun = [fault.start + 15 for fault in plan.faults if busiest.start <= fault.start + 15 < busiest.end]
    return max(begun, default=(busiest.start + busiest.end) / 2)


def cut(run: Path, at: float, into: Path) -> Path:
    """A copy of the record in `run` without what was recorded after `at`, seconds since the epoch."""
    into.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(into / FILE_NAME)) as copy:
        with closing(sqlite3.connect(f"{(run / FILE_NAME).absolute().as_uri()}?mode=ro", uri=True)) as whole:
            whole.backup(copy)
        for (table,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            column = TIMES.get(table, "at")
            if column is not None:
                copy.execute(f'DELETE FROM {table} WHERE "{column}" > ?', (at,))
        copy.execute("DELETE FROM meta WHERE key = 'outcome'")
        copy.commit()
    return into


def live_view(run: Path, path: Path) -> Path:
    """The live view in the peak of `run`, as of then."""
    with RecordReader(run) as record:
        plan = plan_of(record)
        now = float((record.meta("t0") or {})["at"]) + peak(plan)
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    with tempfile.TemporaryDirectory() as folder:
        before = cut(run, now, Path(folder))
        with closing(Following(plan, before)) as seen:
            seen.read(now)
            due = [one for one in plan.expectations if (at := due_at(one, seen.marks)) is not None and at <= now]
            console.print(picture(seen, decide(plan, seen.record, due), now))
    drawn = console.export_svg(title=f"rehearse run {plan.rehearsal}", theme=MONOKAI)
    # rich would have the reader's browser fetch a font from elsewhere; any monospaced one does, as widths are written down
    path.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL), encoding="utf-8")
    return path


async def reports(run: Path, folder: Path) -> list[Path]:
    """The top of the report and its axis, in light and in dark. Raises BadInput where there is no browser."""
    program = chromium()
    if program is None:
        raise BadInput("The report's pictures need chromium, chromium-browser or google-chrome on PATH.")
    made = []
    with tempfile.TemporaryDirectory() as scratch:
        address = Path(scratch) / "report.html"
        with RecordReader(run) as record:
            address.write_text(report_page(record, judge_record(record, run.resolve().name)), encoding="utf-8")
        for scheme, height, place in VIEWS:
            async with asyncio.timeout(90), page(program) as empty:
                opened = await empty.open(address.as_uri(), width=WIDTH, height=height, scheme=scheme)
                await opened.run(f"window.scrollTo(0, {place}); new Promise(done => setTimeout(done, 300))")
                shot = await opened.call("Page.captureScreenshot", format="png")
            path = folder / f"report-{scheme}.png"
            path.write_bytes(base64.b64decode(shot["data"]))
            made.append(path)
    return made


if __name__ == "__main__":
    sys.exit(main())
