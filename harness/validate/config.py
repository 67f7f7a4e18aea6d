"""What a project sets: `[tool.rehearse.validate]` in pyproject.toml, or .rehearse.yaml; the command line overrides it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from harness.errors import BadInput, Position, Problem
from harness.source import Loc, Located, build, load_yaml, read_text
from harness.units import Duration
from harness.validate.estate import Estate, Settings, did_you_mean
from harness.validate.finding import Severity
from harness.validate.selection import Selection

NAME = ".rehearse.yaml"
_TABLE = "tool.rehearse.validate"
_LEVELS = {str(severity): severity for severity in Severity}
Level = Literal["error", "warning", "info"]


def _hyphens(name: str) -> str:
    return name.replace("_", "-")


class ValidateConfig(BaseModel):
    """Settings of `rehearse validate`. Every key may be left out; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", alias_generator=_hyphens, populate_by_name=True, title="ValidateConfig")

    exclude: list[str] = Field(default_factory=list, description="Globs of what is not looked at, as in .gitignore.")
    select: list[str] = Field(default_factory=list, description="Only these rules: ids, families (`SC`) or names.")
    ignore: list[str] = Field(default_factory=list, description="Not these rules: ids, families or names.")
    severity: dict[str, Level] = Field(default_factory=dict, description="Severity by rule id, family or name.")
    fail_on: Level = Field(default="error", description="From which severity on the exit code is 1.")
    baseline: str = Field(default="", description="The file of findings that are known, relative to this one.")
    helm_values: list[str] = Field(default_factory=list, description="Values files: charts are rendered with them.")
    scrape_interval: Duration | None = Field(
        default=None, description="Of Prometheus; without it that of a Prometheus configuration that is read, else 30s."
    )
    evaluation_interval: Duration | None = Field(
        default=None, description="Of Prometheus' rules; without it that of a Prometheus configuration, else 30s."
    )
    hpa_tolerance: float = Field(default=0.1, ge=0, lt=1, description="The HPA's tolerance.")
    hpa_sync: Duration | None = Field(default=None, description="The HPA's sync period; 15s where it is left out.")
    pod_start: Duration | None = Field(default=None, description="From a pod's creation to ready; 30s if left out.")
    holidays: list[str] = Field(
        default_factory=list,
        description="Regions whose holidays count, such as DE-BY, CH-ZH, AT-9; DE-BY, CH, AT if left out.",
    )
    runbooks: list[str] = Field(
        default_factory=list, description="Globs of the runbooks; without them pages are recognised by what they say."
    )
    slugs: Literal["github", "mkdocs", "any"] = Field(
        default="any", description="How links name headings: as GitHub, as MkDocs, or either."
    )
    database: bool = Field(default=True, description="Whether SQL is applied to a throw-away PostgreSQL.")

    @field_validator("holidays")
    @classmethod
    def _region(cls, regions: list[str]) -> list[str]:
        for region in regions:
            if not re.fullmatch(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?", region):
                raise ValueError(f"expected a region such as DE-BY or AT, got '{region}'")
        return regions

    def selection(self, select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> Selection:
        """Which rules run; `select` of the command line replaces that of the file, `ignore` adds to it."""
        severities = {name: _LEVELS[level] for name, level in self.severity.items()}
        return Selection(select or tuple(self.select), (*self.ignore, *ignore), severities)

    def settings(self, today: date, estate: Estate, **given: Any) -> Settings:
        """What rules ask. `given`: from the command line, None where it says nothing. Intervals come from here, else from
        a Prometheus configuration among the artefacts, else they are Prometheus' usual ones.
        """
        made = intervals(Settings(today=today), estate)
        seconds = {
            "scrape_seconds": self.scrape_interval,
            "evaluation_seconds": self.evaluation_interval,
            "hpa_sync_seconds": self.hpa_sync,
            "pod_start_seconds": self.pod_start,
        }
        set_here: dict[str, Any] = {name: value.total_seconds() for name, value in seconds.items() if value is not None}
        set_here |= {"hpa_tolerance": self.hpa_tolerance, "database": self.database, "slugs": self.slugs}
        if self.holidays:
            set_here["holidays"] = tuple(self.holidays)
        return replace(made, **set_here | {name: value for name, value in given.items() if value is not None})


def config_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of .rehearse.yaml."""
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, **ValidateConfig.model_json_schema(by_alias=True)}


def intervals(settings: Settings, estate: Estate) -> Settings:
    """With the intervals of the estate's Prometheus configuration, where exactly one value of each is there."""
    for key, name in (("scrape_interval", "scrape_seconds"), ("evaluation_interval", "evaluation_seconds")):
        found = {one.node.string("global", key) for one in estate.found.prometheuses} - {""}
        found |= {thing.node.string("spec", _camel(key)) for thing in estate.things("Prometheus")} - {""}
        if len(found) == 1 and (seconds := _seconds(found.pop())) is not None:
            changed: dict[str, Any] = {name: seconds}
            settings = replace(settings, **changed)
    return settings


def find_config(start: Path) -> tuple[ValidateConfig, Path]:
    """The nearest configuration in `start` or above it, and its folder. Raises BadInput where it is wrong."""
    here = start.resolve()
    for folder in (here, *here.parents):
        own, project = folder / NAME, folder / "pyproject.toml"
        if own.is_file():
            located = load_yaml(_shown(own))
            return (build(ValidateConfig, located) if located.value is not None else ValidateConfig()), folder
        if project.is_file() and (toml := _from_toml(_shown(project))) is not None:
            return build(ValidateConfig, toml), folder
        if (folder / ".git").exists():
            break
    return ValidateConfig(), start


def _shown(path: Path) -> Path:
    """Relative to where we are, as people write it."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path


def _from_toml(path: Path) -> Located | None:
    text = read_text(path)
    if "rehearse" not in text:
        return None
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise BadInput([Problem(f"This is not valid TOML: {error}", Position(path, int(line[1]) if line else 1))]) from None
    ours = whole.get("tool", {}).get("rehearse", {})
    unknown = [key for key in ours if key != "validate"] if isinstance(ours, dict) else []
    if unknown:
        hint = did_you_mean(unknown[0], ["validate"]) or "; only 'validate' is known"
        raise BadInput([Problem(f"Unknown table 'tool.rehearse.{unknown[0]}'{hint}", Position(path, 1))])
    value = ours.get("validate") if isinstance(ours, dict) else None
    return None if value is None else Located(path, value, _toml_lines(text, value))


def _toml_lines(text: str, value: Mapping[str, Any]) -> dict[Loc, int]:
    """The line of every key of our table; items of a list stand on their key's line."""
    lines: dict[Loc, int] = {}
    table: tuple[str, ...] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        head = re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line)
        if head:
            name = head[1].replace('"', "").replace(" ", "")
            table = tuple(name[len(_TABLE) :].strip(".").split(".")) if name.startswith(_TABLE) else None
            table = tuple(part for part in table if part) if table is not None else None
            if table is not None:
                lines[table] = number
        key = re.match(r"\s*\"?([\w-]+)\"?\s*=", line)
        if key and table is not None:
            lines.setdefault((*table, key[1]), number)
    return lines


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _seconds(text: str) -> float | None:
    from harness.plan.promql import parse_duration  # noqa: PLC0415 - brings the PromQL parser

    try:
        return parse_duration(text).total_seconds()
    except ValueError:
        return None
