"""What a run asks of the load: plan, profile and target read and checked against each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from harness.errors import BadInput, Problem
from harness.plan.model import Plan
from harness.record.reader import RecordReader
from harness.target.base import Target
from harness.traffic.arrivals import Arrival, arrivals
from harness.traffic.profile import Profile, behaviour_path, load_profile


@dataclass(frozen=True, slots=True)
class Limits:
    """When an arrival is not started: at this many open requests per worker, or this many seconds after its time."""

    in_flight: int = 2000
    late: float = 2.0


@dataclass(frozen=True, slots=True)
class Job:
    """Everything a worker needs. `t0` in seconds since the epoch; `services`: base URL by workload."""

    plan: Plan
    profile: Profile
    behaviour: Path
    t0: float
    services: dict[str, str]

    @property
    def end(self) -> float:
        """When the plan ends, seconds since the epoch."""
        ends = [phase.end for phase in self.plan.phases]
        return self.t0 + max([self.plan.moments.get("end", 0.0), *ends])

    @property
    def territories(self) -> list[str]:
        """The territories that have any load in this plan."""
        return _loaded(self.plan)

    def arrivals(self) -> Iterator[Arrival]:
        """All intended arrivals; the same in every process that asks."""
        return arrivals(self.plan.phases, self.profile.mix(), self.plan.seed, self.profile.arrivals)

    def workload_of(self, arrival: Arrival) -> str:
        """The Deployment that serves an arrival."""
        return self.profile.workload_of(arrival.operation, arrival.territory)


def read_job(run: Path, target_file: Path) -> Job:
    """Read the plan and t0 from the record, the target from its file, the profile from the plan's path.

    Raises BadInput with everything that does not fit together.
    """
    with RecordReader(run) as record:
        plan_json, t0_json = record.meta("plan"), record.meta("t0")
    if plan_json is None or t0_json is None or "at" not in t0_json:
        raise BadInput(f"The record in {run} has no plan or no t0 yet; start the load after both are written.")
    if not target_file.is_file():
        raise BadInput(f"There is no target file {target_file}; check --target.")
    plan = Plan.model_validate(plan_json)
    profile_path = Path(plan.profile)
    profile = load_profile(profile_path)
    target = Target.read(target_file)
    if problems := list(_problems(plan, profile, target)):
        raise BadInput(problems)
    return Job(plan, profile, behaviour_path(profile, profile_path), float(t0_json["at"]), dict(target.services))


def _loaded(plan: Plan) -> list[str]:
    return sorted({code for phase in plan.phases for code, rates in phase.rates.items() if max(rates) > 0})


def _problems(plan: Plan, profile: Profile, target: Target) -> Iterator[Problem]:
    for territory in _loaded(plan):
        if territory not in profile.territories:
            known = ", ".join(profile.territories)
            yield Problem(f"The plan has load for territory '{territory}', the profile {plan.profile} only for {known}")
            continue
        needed = {*profile.workloads(territory), profile.workload_named(profile.behaviour.learns_from, territory)}
        for workload in sorted(needed - target.services.keys()):
            near = get_close_matches(workload, target.services, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else "; add its address to the target's services"
            yield Problem(
                f"The profile {plan.profile} sends to '{workload}', which target '{target.name}' has no address for{hint}"
            )
