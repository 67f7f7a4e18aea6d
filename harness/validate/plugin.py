"""`pytest --rehearse-validate PATH`: each finding is an item that fails, and a path without any is one that passes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from harness.validate.finding import Finding
    from harness.validate.report import Report


def pytest_addoption(parser: pytest.Parser) -> None:
    """One option; settings come from pyproject.toml or .rehearse.yaml as for `rehearse validate`."""
    parser.getgroup("rehearse").addoption(
        "--rehearse-validate",
        action="append",
        default=[],
        metavar="PATH",
        help="Check runbooks, autoscaling, alerts, calendars and SQL below PATH with `rehearse validate`; may be repeated.",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Adds the items behind those of the tests."""
    paths = config.getoption("--rehearse-validate")
    if paths:
        items.extend(_items(session, [Path(path) for path in paths]))


class Validation(pytest.Item):
    """A finding, or the word that there is none."""

    report: Report
    finding: Finding | None

    def runtest(self) -> None:
        """Fails for a finding at or past `fail-on`; a milder one is skipped with its text as the reason."""
        if self.finding is None:
            return
        said = f"{self.finding.rule} {self.finding.place}: {self.finding.defect.says}"
        if self.finding.severity >= self.report.fail_on:
            pytest.fail(said, pytrace=False)
        pytest.skip(said)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """The finding as `rehearse validate` shows it."""
        from harness.validate.formats.text import excerpt  # noqa: PLC0415 - pytest starts without it

        assert self.finding is not None
        return excerpt(self.finding, self.report)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the finding is."""
        if self.finding is None:
            return Path(), None, self.name
        place = self.finding.place.on_disk
        return place.path, place.line - 1, self.name


def _items(session: pytest.Session, paths: list[Path]) -> Iterator[pytest.Item]:
    from datetime import date  # noqa: PLC0415

    from harness.errors import RehearseError  # noqa: PLC0415
    from harness.validate.session import Wishes, examine  # noqa: PLC0415

    try:
        report = examine(Wishes(paths=paths), date.today())
    except RehearseError as error:
        raise pytest.UsageError(str(error)) from None
    shown = " ".join(map(str, paths))
    if not report.findings:
        yield _item(session, f"rehearse validate {shown}: {report.summary()}", report, None)
    for finding in report.findings:
        yield _item(session, f"{finding.rule} {finding.place}:{finding.place.column}", report, finding)


def _item(session: pytest.Session, name: str, report: Report, finding: Finding | None) -> pytest.Item:
    item = Validation.from_parent(session, name=name)
    item.report, item.finding = report, finding
    return item
