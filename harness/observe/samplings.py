"""What expectations ask to be sampled, read from the plan."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from harness.plan.model import Plan

REGISTRY = "harness.expectations.registry"


@dataclass(frozen=True, slots=True)
class Asked:
    """A sampling for an expectation: `how` is promql, sql or http, `text` the query or URL, `every` seconds.

    Samples are recorded under `name`. A sampling that fails or finds nothing records nothing.
    """

    name: str
    how: str
    text: str
    every: float
    contains: str = ""


def asked(plan: Plan) -> tuple[Asked, ...]:
    """Every sampling that the plan's expectations need. Raises BadInput where the plan names an unknown kind."""
    if find_spec(REGISTRY) is None:
        return ()
    registry: Any = importlib.import_module(REGISTRY)
    return tuple(
        Asked(sampling.name, sampling.how, sampling.text, sampling.every, sampling.contains)
        for planned in plan.expectations
        for sampling in registry.read(planned.spec).samples()
    )
