"""What a rehearsal file says: the schema of rehearsals/*.yaml, read with the line of every key. Paths are as written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from harness.errors import BadInput, Problem
from harness.source import Located, build, load_yaml
from harness.units import Duration, Share, format_duration, parse_duration

NAME = r"^[a-z0-9][a-z0-9-]*$"
_FACTOR = re.compile(r"(\d+(?:\.\d+)?)\s*x")
_RAMP = re.compile(r"(\S+x)\s*(?:\.\.|to)\s*(\S+x)")
_OFFSET = r"\d[0-9a-z.]*"
_INSTANT = re.compile(rf"(?P<moment>start|(?:phase|phase-end):[a-z0-9-]+)(?:\+(?P<plus>{_OFFSET}))?|(?P<alone>{_OFFSET})")


@dataclass(frozen=True, slots=True)
class Ramp:
    """Load as a factor of the usual load, from the start of a phase to its end; constant where both are equal."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Instant:
    """A point of the timeline: an offset from a moment (`start` where none is named)."""

    moment: str
    offset: timedelta

    def __str__(self) -> str:
        return f"{self.moment}+{format_duration(self.offset)}" if self.offset else self.moment


def parse_ramp(value: Any) -> Ramp:
    """`4x` or `1x..4x` -> Ramp. Raises ValueError with the sentence to show."""
    if isinstance(value, Ramp):
        return value
    text = str(value).strip()
    first, last = ramp.groups() if (ramp := _RAMP.fullmatch(text)) else (text, text)
    ends = [_FACTOR.fullmatch(part) for part in (first, last)]
    if not (ends[0] and ends[1]):
        raise ValueError(f"expected a load such as 1x, 4x or 1x..4x, got '{value}'")
    return Ramp(float(ends[0][1]), float(ends[1][1]))


def parse_instant(value: Any) -> Instant:
    """`90s`, `phase:peak`, `phase:peak+10s` -> Instant. Raises ValueError with the sentence to show."""
    if isinstance(value, Instant):
        return value
    match = _INSTANT.fullmatch(str(value).strip())
    if not match:
        raise ValueError(f"expected an offset such as 90s, or a moment such as phase:peak or phase:peak+10s, got '{value}'")
    offset = match["plus"] or match["alone"]
    return Instant(match["moment"] or "start", parse_duration(offset) if offset else timedelta())


def _load(value: Any) -> Any:
    return {str(key): parse_ramp(one) for key, one in value.items()} if isinstance(value, dict) else parse_ramp(value)


def _load_text(load: Ramp | dict[str, Ramp]) -> Any:
    if isinstance(load, dict):
        return {name: _load_text(ramp) for name, ramp in load.items()}
    return f"{load.start:g}x" if load.start == load.end else f"{load.start:g}x..{load.end:g}x"


_FACTOR_SCHEMA = {"type": "string", "pattern": r"^\d+(\.\d+)?x((\.\.| to )\d+(\.\d+)?x)?$", "examples": ["1x", "1x..4x"]}
Load = Annotated[
    Ramp | dict[str, Ramp],
    BeforeValidator(_load),
    PlainSerializer(_load_text),
    WithJsonSchema({"anyOf": [_FACTOR_SCHEMA, {"type": "object", "additionalProperties": _FACTOR_SCHEMA}]}),
]
PointInTime = Annotated[
    Instant,
    BeforeValidator(parse_instant),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "examples": ["90s", "phase:peak", "phase:peak+10s"]}),
]


class _Yaml(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SystemSpec(_Yaml):
    """What is rehearsed, and how it is put on the embedded cluster."""

    namespace: str = Field(pattern=NAME, description="The namespace the system lives in.")
    chart: str | None = Field(default=None, description="Helm chart, rendered by helm.")
    values: dict[str, Any] = Field(default_factory=dict, description="Values for the chart, as in `helm --values`.")
    sql: list[str] = Field(default_factory=list, description="SQL files or folders of them, applied in order.")
    images: list[str] = Field(default_factory=list, description="Tables that say what an image name means on a node.")
    rules: list[str] = Field(default_factory=list, description="Prometheus rule files; `*` works.")
    alertmanager: str | None = Field(default=None, description="Alertmanager's configuration file.")
    workloads: list[str] = Field(
        default_factory=list, description="Deployments that get no requests of the profile but may be promised about."
    )


class Unscaled(_Yaml):
    """What no lapse shortens; added to the deadlines that contain it, and shown apart."""

    pod_start: Duration = Field(default=timedelta(), description="From a pod's creation until it is ready and warm.")
    pipeline: Duration = Field(default=timedelta(), description="Grain of scraping and evaluation that stays.")
    alerts: list[str] = Field(
        default_factory=list, description="Alerts that wait for pods to start: pod_start is added to their `for`."
    )


class WindowSpec(_Yaml):
    """The season's cron window in the rehearsal. Cron has a grain of a minute, so it lasts whole minutes."""

    opens: PointInTime = Field(
        description="When it opens; the rehearsal begins so that this is a full minute of the clock."
    )
    closes: PointInTime = Field(description="When it closes: whole minutes later.")


class PhaseSpec(_Yaml):
    """A stretch of the rehearsal with one load."""

    name: str = Field(pattern=NAME, description="Unique; makes the moments phase:NAME and phase-end:NAME.")
    for_: Duration = Field(alias="for", description="How long, in real time of the rehearsal: it is not scaled by lapse.")
    load: Load = Field(
        description="4x: the season at that factor, each territory as the profile says; {DE: 4x, CH: 1x..2x}: by "
        "territory, those left out keep theirs; 1x..4x: a ramp over the phase; 0x: no load."
    )
    says: str = Field(default="", description="One sentence for people: what happens here.")


class FaultSpec(_Yaml):
    """A chaostoolkit experiment in the timeline."""

    id: str = Field(pattern=NAME, description="Unique; makes the moments fault:ID and fault-end:ID.")
    experiment: str = Field(description="The experiment's file.")
    at: PointInTime = Field(description="When it begins.")
    timeout: Duration = Field(description="Real time after which it is rolled back at the latest.")
    configuration: dict[str, Any] = Field(default_factory=dict, description="Overrides the experiment's configuration.")


class BoundsSpec(_Yaml):
    """When the generator counts as too weak for its latencies to be judged."""

    lag_p99: Duration = Field(default=timedelta(milliseconds=50), description="p99 of how late requests were started.")
    not_started: Share = Field(default=0.01, description="Share of arrivals that were not started at all.")


class AbortSpec(_Yaml):
    """When the rehearsal stops by itself (exit code 4)."""

    error_rate: Share = Field(default=0.5, description="Share of failed requests over `window`.")
    window: Duration = Field(default=timedelta(seconds=20), description="Over how long the share is taken. Not scaled.")
    minimum_requests: int = Field(default=100, ge=1, description="With fewer requests in `window` nothing is said.")
    control_plane_gone: Duration = Field(default=timedelta(seconds=15), description="The API server is silent for so long.")


class ControlsSpec(_Yaml):
    """Control constants of the production cluster, where they differ from the defaults of their makers."""

    scrape_interval: Duration = Field(default=timedelta(seconds=15), description="Prometheus.")
    evaluation_interval: Duration = Field(default=timedelta(seconds=15), description="Prometheus.")
    hpa_sync_period: Duration = Field(default=timedelta(seconds=15), description="kube-controller-manager.")
    hpa_downscale_stabilization: Duration = Field(default=timedelta(seconds=300), description="kube-controller-manager.")
    hpa_cpu_initialization_period: Duration = Field(default=timedelta(seconds=300), description="kube-controller-manager.")
    hpa_initial_readiness_delay: Duration = Field(default=timedelta(seconds=30), description="kube-controller-manager.")
    keda_polling_interval: Duration = Field(
        default=timedelta(seconds=30), description="KEDA, where a ScaledObject says none."
    )
    keda_cooldown_period: Duration = Field(
        default=timedelta(seconds=300), description="KEDA, where a ScaledObject says none."
    )


class TargetSpec(_Yaml):
    """Where a cluster of your own is reached. No credential stands here: they come from the environment."""

    context: str = Field(description="The context in your kubeconfig ($KUBECONFIG, else ~/.kube/config).")
    prometheus: str = Field(description="Base URL of Prometheus.")
    alertmanager: str = Field(description="Base URL of Alertmanager.")
    database_env: str = Field(description="The environment variable that holds the database's DSN.")
    receiver_port: int = Field(
        ge=1024, le=65535, description="Port on this machine to which a receiver of Alertmanager delivers (/notify/NAME)."
    )
    services: dict[str, str] = Field(
        default_factory=dict, description="Workload -> base URL, where it is not the cluster IP of its Service."
    )


class RehearsalSpec(_Yaml):
    """A rehearsal: which system, which season, which load and faults, against which runbook. Paths are relative to it."""

    name: str = Field(pattern=NAME, description="Names the folder of a run.")
    runbook: str = Field(description="PATH or PATH#anchor: all expectations of the page, or of one section.")
    expect: list[str] | None = Field(default=None, description="Only these ids of the section.")
    also: list[str] = Field(default_factory=list, description="These ids too, from anywhere on the page.")
    season: str = Field(pattern=NAME, description="The season; its cron triggers carry the name.")
    lapse: float = Field(default=1, ge=1, le=60, description="So many minutes of the season pass in one.")
    system: SystemSpec = Field(description="What is rehearsed.")
    profile: str = Field(description="The season's load profile.")
    territories: list[str] | None = Field(
        default=None, min_length=1, description="Only these of the profile's territories."
    )
    seed: int = Field(default=1, description="Same seed, same arrivals.")
    unscaled: Unscaled = Field(default=Unscaled(), description="What no lapse shortens.")
    controls: ControlsSpec = Field(default=ControlsSpec(), description="Production's control constants.")
    window: WindowSpec | None = Field(default=None, description="The season's cron window, shifted into the rehearsal.")
    phases: list[PhaseSpec] = Field(min_length=1, description="What happens, in order.")
    faults: list[FaultSpec] = Field(default_factory=list, description="What breaks, and when.")
    targets: dict[str, TargetSpec] = Field(default_factory=dict, description="Clusters of your own, for `--target NAME`.")
    bounds: BoundsSpec = Field(default=BoundsSpec(), description="When the generator was too weak.")
    abort: AbortSpec = Field(default=AbortSpec(), description="When the rehearsal stops by itself.")

    @model_validator(mode="after")
    def _names_are_unique(self) -> RehearsalSpec:
        for what, names in (("phase", [one.name for one in self.phases]), ("fault", [one.id for one in self.faults])):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"there are two {what}s named '{twice[0]}'; names are unique, change one")
        return self


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A rehearsal file: what it says, and the line of every key."""

    spec: RehearsalSpec
    located: Located

    @property
    def path(self) -> Path:
        """The file."""
        return self.located.path

    def resolve(self, name: str) -> Path:
        """A path as written in the file -> absolute."""
        return (self.path.parent / name).resolve()

    def problem(self, text: str, *loc: str | int) -> Problem:
        """A problem at a key of the file."""
        return Problem(text, self.located.position(loc))


def load_rehearsal(path: Path) -> Rehearsal:
    """Read a rehearsal file. Raises BadInput with every problem."""
    located = load_yaml(path)
    if located.value is None:
        raise BadInput([Problem("This rehearsal is empty; see rehearsals/smoke.yaml", located.position(()))])
    return Rehearsal(build(RehearsalSpec, located), located)
