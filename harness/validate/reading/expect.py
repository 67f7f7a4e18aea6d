"""`yaml expect` blocks -> the same promises that prose gives, but certain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from harness.validate.artefacts import Fence, MarkdownPage
from harness.validate.finding import Confidence
from harness.validate.promises import Expected, Measure, Mention, Prewarm, Promise, Quantity, Reaction, Scale, Threshold
from harness.validate.yamltree import Node, documents

_PERCENTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


def expected(page: MarkdownPage) -> Iterator[Promise]:
    """The promises of a page's blocks. What is no valid expectation is left out: `rehearse check` tells of it."""
    for fence in page.fences:
        words = fence.info.split()
        if words[:2] == ["yaml", "expect"]:
            for item in _items(fence):
                yield from _promises(page, fence, item)


def _items(fence: Fence) -> Iterator[Node]:
    try:
        for document in documents(fence.content):
            yield from document if document.is_list else (document,)
    except (yaml.YAMLError, RecursionError):
        return


def _promises(page: MarkdownPage, fence: Fence, node: Node) -> Iterator[Promise]:
    # Imported late: the kinds pull in the judges, and most repositories have no block at all.
    from harness.expectations.registry import kinds  # noqa: PLC0415

    try:
        model = kinds().get(node.string("kind"))
        expectation = model.model_validate(node.value) if model is not None else None
    except ValueError:
        return
    if expectation is None:
        return
    named = node.get("id") or node
    common: dict[str, Any] = {
        "place": named.place,
        "sentence": _sentence_above(page, fence),
        "headings": tuple(one.text for one in fence.headings),
        "confidence": Confidence.CERTAIN,
    }
    yield Expected(**common, id=expectation.id, kind=expectation.kind)
    maker = _MAKERS.get(expectation.kind)
    if maker is not None:
        yield from maker(expectation, node, common)


def _latency(one: Any, node: Node, common: dict[str, Any]) -> Iterator[Promise]:
    for name, share in _PERCENTILES.items():
        limit = getattr(one, name)
        if limit is not None:
            quantity = Quantity(limit.total_seconds(), "s", node.string(name))
            yield from _threshold(one, node, name, common, measure=Measure.LATENCY, limit=quantity, percentile=share)


def _errors(one: Any, node: Node, common: dict[str, Any]) -> Iterator[Promise]:
    quantity = Quantity(float(one.at_most), "ratio", node.string("at_most"))
    yield from _threshold(one, node, "at_most", common, measure=Measure.ERRORS, limit=quantity)


def _threshold(one: Any, node: Node, key: str, common: dict[str, Any], **values: Any) -> Iterator[Promise]:
    territory = one.territories[0] if len(one.territories) == 1 else ""
    value = node.get(key)
    place = value.place if value is not None else common["place"]
    for component in one.workloads or (one.component or "",):
        yield Threshold(
            **{**common, "place": place}, comparison="<=", good=True, component=component, territory=territory, **values
        )


def _scale(one: Any, node: Node, common: dict[str, Any]) -> Iterator[Promise]:
    down = one.at_most is not None
    value = node.get("at_most" if down else "at_least")
    cause = str(one.after).split(":", maxsplit=1)[0].split("-")[0]
    yield Scale(
        **{**common, "place": value.place if value is not None else common["place"]},
        workload=one.workload,
        wanted=one.at_most if down else one.at_least,
        within=one.within,
        cause=cause if cause in ("window", "load", "fault") else "",
        down=down,
    )


def _alert(one: Any, node: Node, common: dict[str, Any]) -> Iterator[Promise]:
    name = node.get("alert")
    yield Mention(**{**common, "place": name.place if name is not None else common["place"]}, kind="alert", name=one.alert)
    key = "received_within" if one.received_within is not None else "fires_within"
    value = node.get(key)
    yield Reaction(
        **{**common, "place": value.place if value is not None else common["place"]},
        within=one.received_within or one.fires_within,
        alert=one.alert,
    )


def _prewarm(one: Any, node: Node, common: dict[str, Any]) -> Iterator[Promise]:
    for workload in (one.workload,) if one.workload else one.workloads:
        yield Prewarm(**common, workload=workload)


def _quiet(one: Any, node: Node, common: dict[str, Any]) -> Iterator[Promise]:
    for name in node.get("except") or ():
        yield Mention(**{**common, "place": name.place}, kind="alert", name=name.text)


_MAKERS = {
    "latency": _latency,
    "errors": _errors,
    "scale": _scale,
    "alert": _alert,
    "prewarm": _prewarm,
    "quiet": _quiet,
}


def _sentence_above(page: MarkdownPage, fence: Fence) -> str:
    above = [one.text for one in page.sentences if one.place.line < fence.place.line and one.where != "heading"]
    return above[-1] if above else ""
