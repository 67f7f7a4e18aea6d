"""YAML: Kubernetes objects, Prometheus rules (plain, in a PrometheusRule, in a ConfigMap), configurations, rehearsals."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import timedelta

import yaml

from harness.plan.promql import parse_duration
from harness.validate.artefacts import Alertmanager, Found, Prometheus, Rehearsal, Rule, Skipped, Thing, Unreadable
from harness.validate.reading.templates import first_mark, renders_with
from harness.validate.text import TextFile
from harness.validate.yamltree import Node, documents

_YAML = re.compile(r"^(?:apiVersion|kind|groups|route|receivers|scrape_configs|rule_files|phases):(?:\s|$)", re.MULTILINE)
_JSON = re.compile(r"\A\s*[\[{].*\"(?:apiVersion|groups|scrape_configs|receivers)\"\s*:", re.DOTALL)


def read_yaml(text: TextFile, found: Found) -> None:
    """Every document of a YAML text into `found`."""
    try:
        nodes = list(documents(text))
    except (yaml.YAMLError, RecursionError) as error:
        _told(text, found, error)
        return
    tool = renders_with(text.text, valid=True)
    if tool:
        found.skipped.append(_unrendered(text, tool))
        return
    for node in nodes:
        read_document(node, found)


def _told(text: TextFile, found: Found, error: Exception) -> None:
    """YAML that does not parse: a template, some other tool's file, or an artefact that is broken."""
    tool = renders_with(text.text, valid=False)
    if tool:
        found.skipped.append(_unrendered(text, tool))
        return
    mark = (error.problem_mark or error.context_mark) if isinstance(error, yaml.MarkedYAMLError) else None
    place = text.at(mark.line, mark.column) if mark else text.at(0)
    said = error.problem if isinstance(error, yaml.MarkedYAMLError) else str(error).splitlines()[0]
    if looks_like_an_artefact(text.text):
        found.unreadable.append(Unreadable(place, f"This is not valid YAML: {said}", "Mend the syntax"))
    else:
        found.skipped.append(Skipped(place, "it is not valid YAML, and looks like none of the artefacts"))


def _unrendered(text: TextFile, tool: str) -> Skipped:
    how = "give its values with --helm" if tool == "Helm" else "validate what it makes"
    return Skipped(text.place(first_mark(text.text)), f"it is a template that is not rendered ({tool}); {how}")


def looks_like_an_artefact(text: str) -> bool:
    """Whether a text, valid or not, seems to be YAML or JSON that this tool reads."""
    return bool(_YAML.search(text) or _JSON.search(text[:20_000]))


def patched_by_kustomize(texts: Sequence[TextFile]) -> frozenset[str]:
    """Absolute paths of the patches that the kustomizations among these texts name: they hold only what they change."""
    found: set[str] = set()
    for text in texts:
        if text.path.name not in ("kustomization.yaml", "kustomization.yml", "Kustomization"):
            continue
        try:
            nodes = list(documents(text))
        except (yaml.YAMLError, RecursionError):
            continue  # read_yaml tells of it
        for node in nodes:
            named = [one.string("path") or one.text for one in node.get("patches") or ()]
            named += [one.text for one in node.get("patchesStrategicMerge") or ()]
            named += [one.string("path") for one in node.get("patchesJson6902") or ()]
            found.update(os.path.abspath(text.path.parent / name) for name in named if name and "\n" not in name)
    return frozenset(found)


def read_document(node: Node, found: Found) -> None:
    """One document: an object, a list of objects, rules, or a configuration."""
    kind, api = node.string("kind"), node.string("apiVersion")
    if kind and api:
        items = node.get("items")
        if items is not None and items.is_list and kind.endswith("List"):
            for item in items:
                read_document(item, found)
            return
        if api.startswith("kustomize.config.k8s.io/"):
            found.skipped.append(Skipped(node.place, "kustomize puts manifests together; validate what it makes"))
            return
        found.things.append(Thing(kind, api, node.string("metadata", "name"), node.string("metadata", "namespace"), node))
        if kind == "PrometheusRule":
            read_groups(node.get("spec", "groups"), found)
        elif kind in ("ConfigMap", "Secret"):
            data = node.get("data")
            for _, value in data.items() if data is not None else ():
                if "groups:" in value.text or "route:" in value.text or "scrape_configs:" in value.text:
                    read_yaml(value.block(), found)
    elif node.get("groups") is not None:
        read_groups(node.get("groups"), found)
    elif node.get("route") is not None and node.get("receivers") is not None:
        found.alertmanagers.append(Alertmanager(node))
    elif node.get("scrape_configs") is not None or (node.get("global") is not None and node.get("rule_files") is not None):
        found.prometheuses.append(Prometheus(node))
    elif node.get("runbook") is not None and node.get("phases") is not None:
        found.rehearsals.append(Rehearsal(node, node.string("name"), node.string("season"), node.string("runbook")))


def read_groups(groups: Node | None, found: Found) -> None:
    """The rules of Prometheus' groups."""
    for group in groups or ():
        interval = _duration(group.string("interval"))
        for rule in group.get("rules") or ():
            expression = rule.get("expr")
            if expression is not None and (rule.get("alert") or rule.get("record")):
                found.rules.append(
                    Rule(rule.string("alert"), rule.string("record"), group.string("name"), interval, rule, expression)
                )


def _duration(text: str) -> timedelta | None:
    try:
        return parse_duration(text) if text else None
    except ValueError:
        return None
