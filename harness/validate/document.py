"""The JSON that `rehearse validate --format json` prints, as models: its schema is made from them and has a version."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from harness.validate.finding import Finding
from harness.validate.report import Report
from harness.validate.text import Place


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Spot(_Part):
    """A stretch of one line."""

    path: str = Field(description="The file, relative to where the command ran, with `/`.")
    line: int = Field(ge=1, description="Counted from 1.")
    column: int = Field(ge=1, description="Counted from 1, in characters.")
    end_column: int = Field(ge=1, description="The first column after it.")


class Other(_Part):
    """The other place of a contradiction."""

    place: Spot = Field(description="Where it stands.")
    says: str = Field(description="What stands there.")


class Told(_Part):
    """A finding."""

    rule: str = Field(description="The rule's id; `rehearse explain ID` tells more.")
    name: str = Field(description="The rule's name.")
    severity: Literal["error", "warning", "info"] = Field(description="How bad it is in this project.")
    confidence: Literal["certain", "likely", "guess"] = Field(description="How sure the rule is.")
    place: Spot = Field(description="Where it is.")
    says: str = Field(description="What is wrong.")
    mend: str = Field(description="What to do.")
    understood: str = Field(default="", description="What was read out of prose, where something was.")
    related: list[Other] = Field(default_factory=list, description="The other places of a contradiction.")
    fingerprint: str = Field(description="Stays the same while lines move; the baseline knows findings by it.")


class Left(_Part):
    """A file, folder or document that was not looked at."""

    place: Spot = Field(description="Where it begins.")
    why: str = Field(description="The reason.")


class Reading(_Part):
    """A promise that was read out of a page."""

    place: Spot = Field(description="Where it stands.")
    sentence: str = Field(description="As it was written.")
    understood: str = Field(description="As it was understood.")
    confidence: Literal["certain", "likely", "guess"] = Field(description="How sure the reading is.")


class Covered(_Part):
    """A table of the coverage."""

    title: str = Field(description="Seasons or Alerts.")
    header: list[str] = Field(description="Names of the columns.")
    rows: list[list[str]] = Field(description="A dash where there is nothing.")


class Summary(_Part):
    """How much there was."""

    errors: int = Field(description="Findings of severity error.")
    warnings: int = Field(description="Findings of severity warning.")
    infos: int = Field(description="Findings of severity info.")
    silenced: int = Field(description="Findings that an ignore comment silences.")
    baseline: int = Field(description="Findings that the baseline holds.")
    elsewhere: int = Field(description="Findings outside of what changed (`--changed-since`).")
    files: int = Field(description="Files that were read.")
    rules: int = Field(description="Rules that ran.")
    seconds: float = Field(description="How long it took.")
    failed: bool = Field(description="Whether the exit code is 1.")


class Document(_Part):
    """What `rehearse validate --format json` prints."""

    model_config = ConfigDict(extra="forbid", title="Findings")
    version: Literal[1] = Field(default=1, description="Of this form. It changes when something is taken away.")
    summary: Summary = Field(description="How much there was.")
    findings: list[Told] = Field(description="In order of place, then rule.")
    skipped: list[Left] = Field(description="What was not looked at, and why.")
    notes: list[str] = Field(default_factory=list, description="What else was left undone, such as the database.")
    understood: list[Reading] | None = Field(default=None, description="With `--understood`: what was read out of prose.")
    coverage: list[Covered] | None = Field(default=None, description="With `--coverage`: its tables.")
    extra: dict[str, str] = Field(default_factory=dict, description="Texts that other options asked for, by title.")


def document(report: Report) -> Document:
    """The report as this form."""
    counts = {str(severity): number for severity, number in report.counts().items()}
    return Document(
        summary=Summary(
            errors=counts["error"], warnings=counts["warning"], infos=counts["info"], silenced=len(report.silenced),
            baseline=len(report.known), elsewhere=report.elsewhere, files=len(report.estate.found.files),
            rules=len(report.rules), seconds=round(report.seconds, 3), failed=report.failed,
        ),
        findings=[_told(finding, report) for finding in report.findings],
        skipped=[Left(place=spot(one.place), why=one.why) for one in report.skipped],
        notes=list(report.notes),
        understood=[
            Reading(
                place=spot(one.place), sentence=one.sentence, understood=one.understood(), confidence=one.confidence.value
            )
            for one in report.estate.promises
        ]
        if report.understood
        else None,
        coverage=[
            Covered(title=title, header=list(header), rows=[list(row) for row in rows])
            for title, header, rows in report.coverage.tables()
        ]
        if report.coverage is not None
        else None,
        extra=dict(report.extra),
    )  # fmt: skip


def spot(place: Place) -> Spot:
    """A place as JSON."""
    return Spot(
        path=place.path.as_posix(), line=place.line, column=place.column, end_column=max(place.column, place.end_column)
    )


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the form."""
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, **Document.model_json_schema(mode="serialization")}


def _told(finding: Finding, report: Report) -> Told:
    defect = finding.defect
    return Told.model_validate(
        {
            "rule": finding.rule,
            "name": finding.name,
            "severity": str(finding.severity),
            "confidence": defect.confidence.value,
            "place": spot(defect.place),
            "says": defect.says,
            "mend": defect.mend,
            "understood": defect.understood,
            "related": [Other(place=spot(one.place), says=one.says) for one in defect.related],
            "fingerprint": report.fingerprints[finding],
        }
    )
