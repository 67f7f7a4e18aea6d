"""Manifests that are broken in any way: no rule about scaling fails on them."""

from __future__ import annotations

import copy
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.validate.artefacts import Found
from harness.validate.engine import validate
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence
from harness.validate.promises import Prewarm, Scale, Stabilisation
from harness.validate.reading.manifests import read_yaml
from harness.validate.registry import rules
from harness.validate.text import Place, TextFile

TODAY = Settings(today=date(2026, 9, 1))
SCALING = [rule for rule in rules() if rule.id.startswith("SC")]
CLEAN = sorted((Path(__file__).parent / "clean_scaling").rglob("*.yaml"))
DOCUMENTS = [one for path in CLEAN if path.parent.name != "crm" for one in yaml.safe_load_all(path.read_text()) if one]
ODD = [
    None,
    "",
    "text",
    "{{ .x }}",
    "${X}",
    0,
    -1,
    10**30,
    1.5,
    True,
    [],
    {},
    [[]],
    [{}],
    [None],
    {"name": None},
    {"a": {"b": []}},
]


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += paths_of(item, (*path, key))
    return found


def mutated(document: Any, chance: random.Random) -> Any:
    document = copy.deepcopy(document)
    for _ in range(chance.randint(1, 4)):
        places = paths_of(document)
        if not places:
            break
        *above, last = chance.choice(places)
        parent = document
        for key in above:
            parent = parent[key]
        if chance.random() < 0.3:
            del parent[last]
        else:
            parent[last] = copy.deepcopy(chance.choice(ODD))
    return document


def promises() -> list[Any]:
    place = Place(Path("runbook.md"), 1)
    common = {"place": place, "sentence": "", "confidence": Confidence.CERTAIN}
    return [
        Scale(**common, workload="bestell-api", wanted=9, within=timedelta(seconds=1), season="spargel"),
        Scale(**common, workload="checkout", wanted=0, within=timedelta(), down=True),
        Prewarm(**common, workload="bestell-api", takes=timedelta(minutes=9)),
        Stabilisation(**common, workload="bestell-api", least=timedelta(hours=9)),
    ]


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_rule_fails_on_a_mutated_manifest(seed: int) -> None:
    chance = random.Random(seed)
    text = yaml.safe_dump_all([mutated(document, chance) for document in chance.sample(DOCUMENTS, 8)])
    found = Found()
    read_yaml(TextFile(Path("all.yaml"), text), found)
    estate = Estate(found, promises())
    for rule in SCALING:
        for finding in rule.findings(estate, TODAY):
            assert finding.place.line >= 1


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize(
    "kind", ["ScaledObject", "HorizontalPodAutoscaler", "Deployment", "PodDisruptionBudget", "ResourceQuota"]
)
def test_no_rule_fails_on_an_odd_spec(kind: str, odd: Any) -> None:
    api = {"ScaledObject": "keda.sh/v1alpha1", "HorizontalPodAutoscaler": "autoscaling/v2", "Deployment": "apps/v1"}
    found = Found()
    document = {"apiVersion": api.get(kind, "v1"), "kind": kind, "metadata": odd, "spec": odd}
    read_yaml(TextFile(Path("all.yaml"), yaml.safe_dump(document)), found)
    outcome = validate(Estate(found, promises()), TODAY)
    assert [one for one in outcome.findings if one.rule == "IN006"] == []
