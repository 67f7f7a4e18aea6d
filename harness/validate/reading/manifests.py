"""YAML: Kubernetes objects, Prometheus rules (plain, in a PrometheusRule, in a ConfigMap), configurations, rehearsals."""

from __future__ import annotations

from datetime import timedelta

import yaml

from harness.plan.promql import parse_duration
from harness.validate.artefacts import Alertmanager, Found, Prometheus, Rehearsal, Rule, Skipped, Thing, Unreadable
from harness.validate.text import TextFile
from harness.validate.yamltree import Node, documents


def read_yaml(text: TextFile, found: Found) -> None:
    """Every document of a YAML text into `found`."""
    if "{{" in text.text and _is_template(text):
        found.skipped.append(Skipped(text.place(text.text.index("{{")), "it is a template that is not rendered"))
        return
    try:
        for document in documents(text):
            read_document(document, found)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = text.at(mark.line, mark.column) if mark else text.at(0)
        found.unreadable.append(Unreadable(place, f"This is not valid YAML: {error.problem}", "Mend the syntax"))
    except (yaml.YAMLError, RecursionError) as error:
        found.unreadable.append(Unreadable(text.at(0), f"This is not valid YAML: {str(error).splitlines()[0]}", "Mend it"))


def read_document(node: Node, found: Found) -> None:
    """One document: an object, a list of objects, rules, or a configuration."""
    kind, api = node.string("kind"), node.string("apiVersion")
    if kind and api:
        items = node.get("items")
        if items is not None and items.is_list and kind.endswith("List"):
            for item in items:
                read_document(item, found)
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


def _is_template(text: TextFile) -> bool:
    """Whether `{{` belongs to Helm rather than to the annotations of an alert, which stand within a value."""
    for line in text.lines:
        stripped = line.strip()
        if stripped.startswith(("{{", "- {{")) or ".Values." in stripped or ".Release." in stripped:
            return True
    return False
