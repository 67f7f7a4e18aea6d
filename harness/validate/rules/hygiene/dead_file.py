"""RB020: a link of a runbook leads to a file that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings, did_you_mean
from harness.validate.finding import Defect, Severity
from harness.validate.reading.links import exists, file_of
from harness.validate.rule import ValidationRule


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Every relative link and image of every runbook against the files beside it."""
    for page in estate.runbooks:
        if str(page.file.path) == "<stdin>":
            continue
        for link in page.links:
            path = file_of(link, page.file.path)
            if path is not None and not exists(path):
                try:
                    others = [one.name for one in path.parent.iterdir()]
                except OSError:
                    others = []
                yield Defect(
                    link.place,
                    f"There is no file {path.as_posix()}{did_you_mean(path.name, others)}",
                    "Correct the link, or add the file",
                )


RULE = ValidationRule(
    "RB020", "dead-link", "A link of a runbook leads to a file that is not there.", Severity.WARNING, check
)
