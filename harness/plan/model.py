"""The plan: plain values, printed before anything is touched, kept in the record, and all that the judge knows.

Times are seconds relative to `t0` (the start of the first phase) unless a name says otherwise.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

PLAN_SCHEMA = "generalprobe.dev/plan/v1"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Value):
    """Where in the runbook an expectation stands, and the sentence that it makes checkable."""

    path: str
    line: int
    anchor: str
    heading: str
    sentence: str


class Scaled(_Value):
    """A duration under time lapse, seconds: `original / lapse + unscaled` = `deadline`."""

    original: float
    scaled: float
    unscaled: float = 0.0
    unscaled_because: str = ""

    @property
    def deadline(self) -> float:
        """What counts in this rehearsal, seconds."""
        return self.scaled + self.unscaled


class Phase(_Value):
    """A stretch of the rehearsal. `rates`: intended arrivals per second by territory, at its start and at its end."""

    name: str
    start: float
    end: float
    rates: dict[str, tuple[float, float]]
    says: str = ""


class PlannedFault(_Value):
    """A chaostoolkit experiment in the timeline. `configuration` overrides the experiment's own, never secret."""

    id: str
    experiment: str
    start: float
    timeout: float
    configuration: dict[str, Any] = Field(default_factory=dict)


class Window(_Value):
    """The season's cron window as it is shifted into the rehearsal: it opens on a full minute of the wall clock."""

    season: str
    opens: float
    closes: float


class Constant(_Value):
    """A control constant under lapse, for people to read: who owns it, what it was, what it is now, seconds."""

    owner: str
    name: str
    original: float
    scaled: float
    why: str = ""


class PlannedExpectation(_Value):
    """An expectation of the runbook, bound to this rehearsal. `spec` is the block as its kind's model dumps it.

    `deadlines`: the durations of the spec under lapse, by field name. `since`, `until`: the moments between which it looks.
    """

    id: str
    kind: str
    spec: dict[str, Any]
    source: Source
    deadlines: dict[str, Scaled] = Field(default_factory=dict)
    since: str
    until: str


class Bounds(_Value):
    """When the generator counts as too weak to judge latency by: lag of starts, share of arrivals not started."""

    lag_p99: float = 0.05
    not_started: float = 0.01


class Abort(_Value):
    """Safety: the run stops (exit 4) when the share of failed requests over `window` seconds passes `error_rate`."""

    error_rate: float = 0.5
    window: float = 20.0
    minimum_requests: int = 100
    control_plane_gone: float = 15.0


class Controls(_Value):
    """Control constants of the cluster as they are in production, seconds; the embedded target runs them under lapse.

    HPA: kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale; KEDA: keda.sh/docs, ScaledObject.
    """

    scrape_interval: float = 15.0
    evaluation_interval: float = 15.0
    hpa_sync_period: float = 15.0
    hpa_downscale_stabilization: float = 300.0
    hpa_cpu_initialization_period: float = 300.0
    hpa_initial_readiness_delay: float = 30.0
    keda_polling_interval: float = 30.0
    keda_cooldown_period: float = 300.0


class System(_Value):
    """What is staged on the embedded target. Paths are absolute. On another target only `namespace` counts."""

    namespace: str
    chart: str | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    sql: list[str] = Field(default_factory=list)
    images: list[str] = Field(default_factory=list)
    rules: list[str] = Field(default_factory=list)
    alertmanager: str | None = None


class Plan(_Value):
    """Everything that will be done and checked. `moments` maps names to seconds after t0.

    Names of moments: `start`, `end`, `window-opens`, `window-closes`, `phase:NAME`, `phase-end:NAME`, `load:4x`,
    `fault:ID`, `fault-end:ID`. `controls` are unscaled; `unscaled_for`: alert -> seconds added to its `for` under lapse.
    """

    schema_: str = Field(default=PLAN_SCHEMA, alias="schema")
    rehearsal: str
    path: str
    season: str
    runbook: str
    lapse: float
    system: System
    profile: str
    seed: int
    phases: list[Phase]
    window: Window | None
    faults: list[PlannedFault]
    expectations: list[PlannedExpectation]
    moments: dict[str, float]
    constants: list[Constant]
    controls: Controls = Controls()
    unscaled_for: dict[str, float] = Field(default_factory=dict)
    bounds: Bounds = Bounds()
    abort: Abort = Abort()

    @property
    def duration(self) -> float:
        """Seconds from t0 to the end of the last phase."""
        return self.moments["end"]
