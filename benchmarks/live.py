"""What the live view costs while a run lasts: a recorded run written again row by row, the view updated twice a second.

    python benchmarks/live.py [RUN] [--updates 600]

The record is copied second by second, as it came; after each half second the view is updated on a terminal of 120 x 40.
Without RUN the record is a synthetic one with 100 pods. Counted is the processor time of the updates alone, with the
judge who is asked beside them. Prints JSON.
"""

from __future__ import annotations

import argparse
import io
import json
import platform
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.judge import write_record
from harness.judge.judge import plan_of
from harness.record.reader import RecordReader
from harness.record.rows import FILE_NAME
from harness.record.writer import RecordWriter
from harness.report.live import REFRESH_SECONDS, LiveView

PODS = 100
TIMES = {"arrivals": "second", "requests": "second", "first_requests": "sent", "gaps": "until"}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, nargs="?", help="folder of a recorded run; a synthetic one without it")
    parser.add_argument("--updates", type=int, default=600, help="how many updates, two for each second of the run")
    wishes = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run, pods = wishes.run, 0
        if run is None:
            run, pods = Path(folder) / "synthetic", PODS
            write_record(run, round(wishes.updates * REFRESH_SECONDS), pods)
        result = measure(run, Path(folder) / "copy", wishes.updates)
    what = f"A synthetic run with {pods} pods" if pods else "A recorded run"
    about = f"{what}, {result['seconds_of_run']:g} s of it; the view is updated {1 / REFRESH_SECONDS:g} times a second."
    print(json.dumps({**result, "about": about, "table": table(result)}, indent=2))


def table(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of docs/performance.md."""
    each = result["ms_per_update"]
    return [
        {
            "figure": "live view with its judge, share of one core",
            "measured": f"{result['cpu_share_of_one_core'] * 100:.1f} %",
        },
        {
            "figure": "CPU time per update",
            "measured": f"{each['median']:g} ms",
            "spread": f"{each['first_tenth']:g} ms in the first tenth of the run, {each['last_tenth']:g} ms in the last; "
            f"at most {each['worst_with_judge']:g} ms, while the judge is asked",
        },
    ]


def measure(run: Path, copy: Path, updates: int) -> dict[str, Any]:
    """CPU seconds of `updates` updates while the record of `run` grows in the folder `copy` as it did then."""
    with RecordReader(run) as record:
        plan = plan_of(record)
        t0 = float((record.meta("t0") or {})["at"])
    console = Console(file=io.StringIO(), width=120, height=40, force_terminal=True)
    RecordWriter(copy).close()
    costs: list[float] = []
    rows = 0
    with closing(sqlite3.connect(copy / FILE_NAME)) as written, LiveView(plan, copy, console) as view:
        written.execute("ATTACH ? AS recorded", (str(run / FILE_NAME),))
        tables = [name for (name,) in written.execute("SELECT name FROM recorded.sqlite_master WHERE type = 'table'")]
        tables.remove("meta")
        written.execute("INSERT INTO main.meta SELECT * FROM recorded.meta WHERE key <> 'outcome'")
        before = float("-inf")
        for update in range(1, updates + 1):
            now = t0 + update * REFRESH_SECONDS
            for table in tables:
                at = TIMES.get(table, '"at"')
                came = f"SELECT * FROM recorded.{table} WHERE {at} > ? AND {at} <= ? ORDER BY {at}"
                rows += written.execute(f"INSERT INTO main.{table} {came}", (before, now)).rowcount
            written.commit()
            before = now
            begun = time.process_time()
            view.update(now)
            view._deciding.wait()
            costs.append(time.process_time() - begun)
    tenth = max(1, updates // 10)
    return {
        "run": run.resolve().name,
        "python": platform.python_version(),
        "updates": updates,
        "rows": rows,
        "seconds_of_run": updates * REFRESH_SECONDS,
        "cpu_seconds": round(sum(costs), 3),
        "cpu_share_of_one_core": round(sum(costs) / (updates * REFRESH_SECONDS), 4),
        "ms_per_update": {
            "median": round(statistics.median(costs) * 1000, 2),
            "first_tenth": round(statistics.median(costs[:tenth]) * 1000, 2),
            "last_tenth": round(statistics.median(costs[-tenth:]) * 1000, 2),
            "worst_with_judge": round(max(costs) * 1000, 2),
        },
        "expectations_decided": len(view._deciding.decided),
    }


if __name__ == "__main__":
    main()
