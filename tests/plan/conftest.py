"""A small rehearsal on disk, with everything it names, to be broken in one place at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.plan.model import Plan
from harness.plan.reading import read_plan

FILES = {
    "runbooks/page.md": """# Herbst

Within 10 minutes the pods are there.

```yaml expect
{id: scaled, kind: scale, workload: app-queries-de, at_least: 6, after: window-opens, within: 10m}
```

Nothing is slow.

```yaml expect
{id: fast, kind: latency, component: queries, p95: 300ms, during: [load:4x, end]}
```

## AppDown

It is heard of within 2 minutes.

```yaml expect
{id: alert, kind: alert, alert: AppDown, after: "fault:kill", fires_within: 2m, receiver: on-call}
```
""",
    "profiles/herbst.yaml": """season: herbst
peak: 4
behaviour: {file: app.py, class: App}
workload: app-{component}-{territory}
territories:
  DE: {rate_per_second: 10, cities: [Köln]}
  AT: {rate_per_second: 5, peak: 2, cities: [Wien]}
operations:
  read: {component: queries, weight: 3}
  write: {component: commands, weight: 1}
assortment: [A]
""",
    "profiles/app.py": "class App:\n    def read(self): ...\n\n    def write(self): ...\n",
    "rules/app.yaml": "groups: [{name: app, rules: [{alert: AppDown, expr: 'sum(rate(up[1m])) == 0', for: 1m}]}]\n",
    "chaos/kill.yaml": "title: Kill\nconfiguration: {count: 1, selector: a}\nmethod: []\n",
    "rehearsals/herbst.yaml": """name: herbst
runbook: ../runbooks/page.md#herbst
season: herbst
lapse: 12
profile: ../profiles/herbst.yaml
system: {namespace: app, rules: [../rules/*.yaml], workloads: [app-outbox]}
unscaled: {pod_start: 20s, pipeline: 3s}
window: {opens: phase:quiet, closes: phase:quiet+2m}
phases:
  - {name: morning, for: 30s, load: 1x}
  - {name: quiet, for: 60s, load: 0x}
  - {name: rise, for: 30s, load: 1x..4x}
  - {name: peak, for: 1m, load: {DE: 4x}}
faults:
  - id: kill
    experiment: ../chaos/kill.yaml
    at: phase:peak+10s
    timeout: 30s
    configuration: {count: 2}
""",
}


class Desk:
    """The files of one rehearsal in a folder, and what comes of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def edit(self, name: str, before: str, after: str) -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        assert before in text, f"{before!r} is not in {name}"
        self.write(name, text.replace(before, after))

    def plan(self, lapse: float | None = None) -> Plan:
        return read_plan(Path("rehearsals/herbst.yaml"), lapse)

    def problems(self) -> list[str]:
        with pytest.raises(BadInput) as caught:
            self.plan()
        return [str(problem).replace(str(self.folder), "DESK") for problem in caught.value.problems]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)
