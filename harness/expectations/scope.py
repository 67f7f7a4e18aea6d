"""Which requests an expectation speaks of: workloads and territories, stretches of the run, faults taken out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from pydantic import Field, field_validator, model_validator

from harness.expectations.base import Expectation, Lapse, World
from harness.expectations.names import MOMENT, component_of, unknown, unknown_moments
from harness.plan.model import Scaled
from harness.units import Duration


class Scope(Expectation):
    """Common to `latency` and `errors`: the requests of a component or of workloads, per territory, during a stretch."""

    component: str | None = Field(
        default=None, description="Workloads with this word in their name, e.g. `queries` for crm-queries-de, -ch and -at."
    )
    workloads: tuple[str, ...] = Field(default=(), description="Workloads by name, instead of `component`.")
    territories: tuple[str, ...] = Field(
        default=(), description="Territories to judge, one finding each; all when left out."
    )
    during: tuple[str, ...] = Field(
        default=("start", "end"),
        min_length=1,
        description="Two moments [from, to], or the name of one phase, or a list of phases.",
        examples=[["window-opens", "window-closes"], "peak", ["ramp", "peak"]],
    )
    except_faults: tuple[str, ...] = Field(
        default=(), description="Faults during which nothing is promised, from their start to `allowance` after their end."
    )
    allowance: Duration = Field(
        default=timedelta(), description="How long after the end of an excepted fault nothing is promised."
    )

    @field_validator("workloads", "territories", "during", "except_faults", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_way_to_name_workloads(self) -> Scope:
        if bool(self.component) == bool(self.workloads):
            raise ValueError("name either 'component' or 'workloads', and not both")
        moments = [bool(re.match(MOMENT, name)) for name in self.during]
        if any(moments) and (len(self.during) != 2 or not all(moments)):
            raise ValueError("'during' takes two moments [from, to] or names of phases, not a mixture")
        return self

    @property
    def by_moments(self) -> bool:
        """Whether `during` is [moment, moment], else it is names of phases."""
        return bool(re.match(MOMENT, self.during[0]))

    def stretches(self) -> list[tuple[str, str]]:
        """The pairs of moments between which requests count."""
        if self.by_moments:
            return [(self.during[0], self.during[1])]
        return [(f"phase:{name}", f"phase-end:{name}") for name in self.during]

    def stretch(self) -> tuple[str, str]:
        """From the first moment to the last."""
        return self.stretches()[0][0], self.stretches()[-1][1]

    def moments(self) -> Sequence[str]:
        """Both ends of every stretch."""
        return [name for pair in self.stretches() for name in pair]

    def durations(self, lapse: Lapse) -> dict[str, Scaled]:
        """The allowance after excepted faults, with the start of pods that come anew."""
        if not self.except_faults:
            return {}
        return {"allowance": lapse.scaled(self.allowance, lapse.pod_start, "pod start")}

    def problems(self, world: World) -> Sequence[str]:
        """Unknown workloads, territories, faults, moments."""
        return list(self._unknown(world))

    def _unknown(self, world: World) -> Iterator[str]:
        yield from unknown("workload", self.workloads, world.workloads)
        yield from unknown("territory", self.territories, world.territories)
        yield from unknown("fault", self.except_faults, world.faults)
        yield from unknown_moments(self.moments(), world)
        if self.component and not any(component_of(name, self.component) for name in world.workloads):
            words = {word for name in world.workloads for word in name.split("-")}
            yield from unknown("workload of the component", [self.component], words)

    def covers(self, workload: str) -> bool:
        """Whether requests to this workload count."""
        return component_of(workload, self.component) if self.component else workload in self.workloads
