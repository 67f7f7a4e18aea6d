"""For programs: the versioned form of harness/validate/document.py."""

from __future__ import annotations

from harness.validate.document import document
from harness.validate.formats import Format
from harness.validate.report import Report


def write(report: Report, colour: bool) -> str:
    """One JSON document."""
    return document(report).model_dump_json(indent=2, exclude_none=True) + "\n"


FORMAT = Format("for programs: a versioned form (docs/reference/findings.md)", write)
