"""A season profile: how much load each territory brings, what the requests are, and which behaviour performs them."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from harness.errors import BadInput, Position, Problem
from harness.source import Located, build, load_yaml, read_text
from harness.units import Duration, Share

Component = Literal["queries", "commands"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Behaviour(_Value):
    """Where the requests are written down: a class in a Python file beside the profile, one method per operation."""

    file: str = Field(description="A Python file, relative to the profile. It is a locustfile too.", examples=["crm.py"])
    class_: str = Field(alias="class", description="The class in it whose methods are the operations.", examples=["Crm"])
    learns_from: Component = Field(
        default="queries", description="The component that is asked at the start for the ids that requests name."
    )


class Operation(_Value):
    """One kind of request. Its key is the name of a method of the behaviour."""

    component: Component = Field(description="The side of the system that serves it: queries or commands.")
    weight: float = Field(gt=0, description="Its share of all requests, relative to the other weights.")
    timeout: Duration = Field(
        default=timedelta(seconds=5), description="After this time without a full answer the request counts as `timeout`."
    )

    @field_validator("timeout")
    @classmethod
    def _takes_time(cls, timeout: timedelta) -> timedelta:
        if not timedelta() < timeout <= timedelta(seconds=60):
            raise ValueError("expected a timeout between 1ms and 60s, the longest latency that is recorded")
        return timeout


class Preferred(_Value):
    """Cities where the season begins: their customers come first."""

    cities: list[str] = Field(min_length=1, description="Cities of the territory, as the customers' addresses name them.")
    share: Share = Field(description="Share of all requests of the territory that concern customers of these cities.")


class Territory(_Value):
    """The load of one territory."""

    rate_per_second: float = Field(ge=0, description="Arrivals per second on a day outside the season (1x).")
    peak: float | None = Field(
        default=None, ge=1, description="Its own factor at the season's peak; without it, the season's `peak`."
    )
    cities: list[str] = Field(min_length=1, description="Cities that are asked for in lists of customers.")
    preferred: Preferred | None = Field(default=None, description="Cities whose customers come first, e.g. Bavaria's.")


class Popularity(_Value):
    """How unevenly requests fall on customers (Zipf): the n-th most popular one gets weight 1 / n^exponent."""

    exponent: float = Field(default=0.9, ge=0, le=3, description="0: all alike; 1: the classic Zipf distribution.")
    customers: int = Field(
        default=1000, ge=1, le=100_000, description="At most this many customers of a territory are used."
    )


class Profile(_Value):
    """A season's traffic: territories, operations, popularity, and the behaviour that performs the operations."""

    season: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$", description="The season's name, as runbook and cron triggers have it."
    )
    says: str = Field(default="", description="One sentence for people: what this season brings. Printed with the plan.")
    peak: float = Field(gt=1, description="How many times the usual load the season's peak is; `load: 4x` in a rehearsal.")
    behaviour: Behaviour = Field(description="Where the requests are written down.")
    workload: str = Field(
        default="crm-{component}-{territory}",
        description="The Deployment that serves an operation: {component}, and {territory} in lower case.",
    )
    arrivals: Literal["poisson", "even"] = Field(
        default="poisson", description="poisson: independent users, as in life; even: evenly spaced, for calibration."
    )
    territories: dict[str, Territory] = Field(min_length=1, description="Load by territory: DE, CH, AT.")
    operations: dict[str, Operation] = Field(min_length=1, description="The mix of requests; about 85 % reads is usual.")
    popularity: Popularity = Field(default=Popularity(), description="How unevenly requests fall on customers.")
    assortment: list[str] = Field(min_length=1, description="SKUs that are ordered and sampled in this season.")

    @field_validator("workload")
    @classmethod
    def _knows_its_fields(cls, template: str) -> str:
        try:
            fields = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
        except ValueError as error:
            raise ValueError(f"'{template}' is no template: {error}") from None
        if unknown := fields - {"component", "territory"}:
            raise ValueError(f"the template knows {{component}} and {{territory}}, not {{{min(unknown)}}}")
        return template

    @model_validator(mode="after")
    def _peaks_fit(self) -> Profile:
        for code, territory in self.territories.items():
            if territory.peak is not None and territory.peak > self.peak:
                raise ValueError(f"the peak of {code} ({territory.peak:g}) is above the season's peak ({self.peak:g})")
        return self

    def rates(self, factor: float) -> dict[str, float]:
        """Arrivals per second by territory when the season stands at `factor` (1: usual; `peak`: its height).

        A territory with a peak of its own gets there in proportion: with peak 4, a territory of peak 2 is at 1.5x
        when the season is at 2.5x. Below 1x all shrink alike.
        """
        return {
            code: territory.rate_per_second * self._own_factor(territory, factor)
            for code, territory in self.territories.items()
        }

    def _own_factor(self, territory: Territory, factor: float) -> float:
        if factor <= 1:
            return max(factor, 0.0)
        own = self.peak if territory.peak is None else territory.peak
        return 1 + (own - 1) * (factor - 1) / (self.peak - 1)

    def workload_of(self, operation: str, territory: str) -> str:
        """The name of the Deployment that serves `operation` in `territory`."""
        return self.workload_named(self.operations[operation].component, territory)

    def workload_named(self, component: str, territory: str) -> str:
        """The name of the Deployment of one component in one territory."""
        return self.workload.format(component=component, territory=territory.lower())

    def workloads(self, territory: str) -> list[str]:
        """The Deployments that this profile sends requests to in one territory, in order of name."""
        return sorted({self.workload_of(operation, territory) for operation in self.operations})

    def mix(self) -> Mapping[str, float]:
        """Weight by operation."""
        return {name: operation.weight for name, operation in self.operations.items()}


def load_profile(path: Path) -> Profile:
    """Read a profile and check that its behaviour has a method per operation. Raises BadInput with every problem."""
    located = load_yaml(path)
    profile = build(Profile, located)
    if problems := list(_behaviour_problems(profile, located)):
        raise BadInput(problems)
    return profile


def behaviour_path(profile: Profile, path: Path) -> Path:
    """The behaviour's file, given the profile's."""
    return path.parent / profile.behaviour.file


def _behaviour_problems(profile: Profile, located: Located) -> Iterator[Problem]:
    """Read, not run: importing a behaviour imports Locust, which patches the process."""
    path = behaviour_path(profile, located.path)
    if not path.is_file():
        yield Problem(f"There is no behaviour {path}; check the path", located.position(("behaviour", "file")))
        return
    try:
        tree = ast.parse(read_text(path), filename=str(path))
    except SyntaxError as error:
        yield Problem(f"The behaviour is not valid Python: {error.msg}", Position(path, error.lineno or 1))
        return
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    name = profile.behaviour.class_
    if name not in classes:
        known = ", ".join(classes) or "none"
        yield Problem(f"{path} has no class '{name}'; it has {known}", located.position(("behaviour", "class")))
        return
    methods = _methods(name, classes)
    for operation in profile.operations:
        if operation not in methods:
            text = f"'{operation}' is no method of {name} in {path}; write one or name another"
            yield Problem(text, located.position(("operations", operation)))


def _methods(name: str, classes: Mapping[str, ast.ClassDef]) -> set[str]:
    """Public methods of a class and of its bases in the same file."""
    node = classes.get(name)
    if node is None:
        return set()
    own = {item.name for item in node.body if isinstance(item, ast.FunctionDef) and not item.name.startswith("_")}
    rest = {key: value for key, value in classes.items() if key != name}
    return own.union(*(_methods(base.id, rest) for base in node.bases if isinstance(base, ast.Name))) - {"learn"}
