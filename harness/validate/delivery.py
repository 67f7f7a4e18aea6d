"""How long it takes at most from a cause to people: `for`, evaluation, and Alertmanager's group_wait on the alert's route.

Source: https://prometheus.io/docs/alerting/latest/configuration/#route (routes are tried in order, the first that matches
takes the alert unless it says `continue`; settings are inherited).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from harness.validate.artefacts import Rule
from harness.validate.estate import Estate, Settings
from harness.validate.finding import Related
from harness.validate.scraping import duration
from harness.validate.yamltree import Node

GROUP_WAIT = timedelta(seconds=30)
"""Alertmanager's default."""

_MATCHER = re.compile(r"""^\s*"?(?P<name>[\w.]+)"?\s*(?P<op>=~|!~|!=|=)\s*"?(?P<value>.*?)"?\s*$""")


@dataclass(frozen=True, slots=True)
class Delivery:
    """The parts of the way; `related`: where they are written."""

    waits: timedelta
    evaluation: timedelta
    group_wait: timedelta
    related: tuple[Related, ...]

    @property
    def total(self) -> timedelta:
        """All of it."""
        return self.waits + self.evaluation + self.group_wait

    def sum(self) -> str:
        """`for 5 m + evaluation 30 s + group_wait 30 s = 360 s`."""
        parts = [(self.waits, "for"), (self.evaluation, "evaluation"), (self.group_wait, "group_wait")]
        written = " + ".join(f"{part.total_seconds():g} s ({name})" for part, name in parts if part)
        return f"{written} = {self.total.total_seconds():g} s"


def delivery(rule: Rule, estate: Estate, settings: Settings, notified: bool = True) -> Delivery:
    """The way of an alert; without group_wait where only firing counts (`notified` False)."""
    related = []
    written = rule.node.get("for")
    if written is not None:
        related.append(Related(written.place, f"for {written.text}"))
    evaluation = rule.interval or _global_interval(estate) or timedelta(seconds=settings.evaluation_seconds)
    wait, place = _group_wait(rule, estate) if notified else (timedelta(), None)
    if place is not None:
        related.append(Related(place.place, f"group_wait {place.text}"))
    return Delivery(rule.waits, evaluation, wait, tuple(related))


def _global_interval(estate: Estate) -> timedelta | None:
    for config in estate.found.prometheuses:
        found = duration(config.node.string("global", "evaluation_interval"))
        if found:
            return found
    return None


def _group_wait(rule: Rule, estate: Estate) -> tuple[timedelta, Node | None]:
    """The shortest of all routes that may take the alert: labels of its series are not known, so nobody is blamed."""
    labels = {**rule.labels, "alertname": rule.alert}
    found = [wait for one in estate.found.alertmanagers for wait in _routed(one.node.get("route"), labels, None)]
    waits = [(duration(node.text) if node is not None else GROUP_WAIT, node) for node in found]
    known = [(wait, node) for wait, node in waits if wait is not None]
    return min(known, key=lambda one: one[0]) if known else (GROUP_WAIT, None)


def _routed(route: Node | None, labels: dict[str, str], inherited: Node | None) -> Iterator[Node | None]:
    if route is None:
        return
    wait = route.get("group_wait") or inherited
    for child in route.get("routes") or ():
        fits = _fits(child, labels)
        if fits is not False:
            yield from _routed(child, labels, wait)
        if fits and child.string("continue") != "true":
            return
    yield wait


def _fits(route: Node, labels: dict[str, str]) -> bool | None:
    """Whether a route takes the alert; None where that hangs on labels of its series."""
    results = [_matches(one.text, labels) for one in route.get("matchers") or ()]
    for key, op in (("match", "="), ("match_re", "=~")):
        node = route.get(key)
        results += [_matches(f"{name.text}{op}{value.text}", labels) for name, value in (node.items() if node else ())]
    if any(one is False for one in results):
        return False
    return None if None in results else True


def _matches(matcher: str, labels: dict[str, str]) -> bool | None:
    found = _MATCHER.match(matcher)
    if found is None or found["name"] not in labels or "{{" in labels[found["name"]]:
        return None
    value = labels[found["name"]]
    try:
        same = value == found["value"] if "~" not in found["op"] else re.fullmatch(found["value"], value) is not None
    except re.error:
        return None
    return same != found["op"].startswith("!")
