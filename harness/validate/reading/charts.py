"""Helm charts among the files, rendered by the real helm: what it makes takes the place of the templates."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import yaml

from harness.errors import BadInput
from harness.validate.artefacts import Found, Skipped
from harness.validate.text import RENDERED, TextFile
from harness.validate.yamltree import documents

_SOURCE = re.compile(r"^# Source: (\S+)$", re.MULTILINE)
_MADE_FROM = ("templates", "crds", "charts")


def rendered(texts: Iterable[TextFile], values: Sequence[Path], found: Found) -> Iterator[TextFile]:
    """The texts, but for each chart what helm makes of it with `values`. Raises BadInput where a chart does not render."""
    every = list(texts)
    charts = _charts(every)
    if not charts:
        raise BadInput(
            "There is no chart below the paths to render with --helm; name the folder that holds its Chart.yaml."
        )
    helm = _helm()
    for text in every:
        chart = next((chart for chart in charts if _is_source(text.path, chart)), None)
        if chart is None:
            yield text
    for chart, name in charts.items():
        yield from _render(helm, chart, name, values, found)


def _charts(texts: Sequence[TextFile]) -> dict[Path, str]:
    """Folder -> name of the charts that stand in no other chart; libraries make nothing of their own."""
    found = {}
    for text in texts:
        if text.path.name == "Chart.yaml" and "templates" not in text.path.parts:
            try:
                node = next(documents(text), None)
            except yaml.YAMLError:
                continue
            if node is not None and node.string("name") and node.string("type") != "library":
                found[text.path.parent] = node.string("name")
    return {path: name for path, name in found.items() if not any(other in path.parents for other in found)}


def _is_source(path: Path, chart: Path) -> bool:
    inner = os.path.relpath(path, chart).split(os.sep)
    return inner[0] in _MADE_FROM and len(inner) > 1


def _render(helm: Path, chart: Path, name: str, values: Sequence[Path], found: Found) -> Iterator[TextFile]:
    from harness.stage.chart import template  # noqa: PLC0415 - only where a chart is rendered

    output = template(helm, chart, re.sub(r"[^a-z0-9-]", "-", name.lower()), values)
    pieces: dict[Path, list[str]] = {}
    for piece in re.split(r"^---[ \t]*$\n?", output, flags=re.MULTILINE):
        source = _SOURCE.search(piece)
        if source is not None:
            inner = source[1].split("/", 1)[-1]
            pieces.setdefault(chart / f"{inner}{RENDERED}", []).append(piece)
    if not pieces:
        found.skipped.append(Skipped(TextFile(chart / "Chart.yaml", "").at(0), "helm makes nothing of this chart"))
    for path, parts in sorted(pieces.items()):
        yield TextFile(path, "---\n".join(parts))


def _helm() -> Path:
    """The program. Raises BadInput where it is not there: validation builds nothing."""
    from harness.stack.finding import find  # noqa: PLC0415
    from harness.stack.parts import part  # noqa: PLC0415
    from harness.stack.toolchain import candidates  # noqa: PLC0415

    helm = find(part("helm"), None, candidates())
    if helm is None:
        raise BadInput("--helm needs helm, which is not there; run `rehearse parts build helm`, or put helm 4 on the PATH.")
    return helm
