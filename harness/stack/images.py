"""The image table of a running cluster: several tables made one, so that a rehearsal can bring its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from harness.errors import BadInput
from harness.node.errors import ImageTableError
from harness.node.images import read_table
from harness.stack.pki import write_private

TABLE = "images.yaml"
"""The table in the cluster's folder; the node agent reads it again whenever it changes."""


def merge_tables(tables: Sequence[Path]) -> str:
    """One table out of several, earlier ones first in rank; paths in them become absolute. Raises BadInput."""
    merged = {}
    try:
        for table in reversed(tables):
            merged.update(read_table(table))
    except ImageTableError as error:
        raise BadInput(str(error)) from None
    images = {
        name: {
            "command": list(found.command),
            "env": dict(found.env),
            **({"workdir": found.workdir} if found.workdir else {}),
        }
        for name, found in merged.items()
    }
    return yaml.safe_dump({"images": images}, sort_keys=False)


def write_table(folder: Path, tables: Sequence[Path]) -> None:
    """Make these the images of the cluster in `folder`. Raises BadInput and changes nothing when one is broken."""
    write_private(folder / TABLE, merge_tables(tables))
