"""The system's Helm chart: rendered by the real helm, as a list of manifests."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from harness.errors import BadInput

Manifest = dict[str, Any]


def render(helm: Path, chart: Path, namespace: str, values: Mapping[str, Any]) -> list[Manifest]:
    """Every object that the chart makes with these values. Raises BadInput with helm's own words."""
    with tempfile.TemporaryDirectory(prefix="generalprobe-values-") as folder:
        given = Path(folder) / "values.json"
        given.write_text(json.dumps(values), encoding="utf-8")
        text = template(helm, chart, namespace, [given])
    return [manifest for manifest in yaml.safe_load_all(text) if manifest]


def template(helm: Path, chart: Path, namespace: str, values: Sequence[Path]) -> str:
    """What `helm template` prints: documents, each below a comment with its source. Raises BadInput as `render` does."""
    given = [argument for path in values for argument in ("--values", str(path))]
    with tempfile.TemporaryDirectory(prefix="generalprobe-helm-") as home:
        done = subprocess.run(
            [helm, "template", namespace, chart, "--namespace", namespace, *given, "--include-crds"],
            env={"HOME": home, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise BadInput(f"The chart {chart} does not render: {said[-1].removeprefix('Error: ')}.")
    return done.stdout
