"""Settings of a project: where they are found, what they do, what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.validate.config import ValidateConfig, find_config
from harness.validate.engine import read
from harness.validate.estate import Settings
from harness.validate.finding import Severity
from harness.validate.reading.files import Scope

TODAY = date(2026, 9, 1)
FULL = """\
exclude: [tests]
select: [SC]
ignore: [SC005]
severity: {SC004: info}
fail-on: warning
scrape-interval: 15s
evaluation-interval: 1m
hpa-tolerance: 0.05
hpa-sync: 10s
pod-start: 45s
holidays: [DE-BY, CH-ZH]
slugs: mkdocs
database: false
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def settings(config: ValidateConfig, **given: object) -> Settings:
    return config.settings(TODAY, read([Path()]), **given)


def test_every_key_does_something() -> None:
    Path(".rehearse.yaml").write_text(FULL)
    config, root = find_config(Path())
    assert root.samefile(".")
    made = settings(config)
    assert (made.scrape_seconds, made.evaluation_seconds, made.hpa_sync_seconds, made.pod_start_seconds) == (15, 60, 10, 45)
    assert (made.hpa_tolerance, made.holidays, made.slugs, made.database) == (0.05, ("DE-BY", "CH-ZH"), "mkdocs", False)
    selection = config.selection()
    assert (selection.select, selection.ignore, selection.severities) == (("SC",), ("SC005",), {"SC004": Severity.INFO})
    assert (config.exclude, config.fail_on) == (["tests"], "warning")


def test_pyproject_says_the_same_and_is_found_from_below() -> None:
    Path("pyproject.toml").write_text(
        '[tool.rehearse.validate]\nexclude = ["tests"]\nhpa-sync = "10s"\n'
        '[tool.rehearse.validate.severity]\nSC004 = "info"\n'
    )
    Path("deep/er").mkdir(parents=True)
    config, root = find_config(Path("deep/er"))
    assert (config.exclude, config.severity, root.name) == (["tests"], {"SC004": "info"}, Path.cwd().name)
    assert settings(config).hpa_sync_seconds == 10


def test_the_command_line_counts_more() -> None:
    config = ValidateConfig(select=["SC"], ignore=["SC001"])
    assert config.selection(("AL",), ("AL002",)).select == ("AL",)
    assert config.selection(("AL",), ("AL002",)).ignore == ("SC001", "AL002")
    made = settings(config, year=2027, database=False, holidays=("AT",))
    assert (made.year, made.database, made.holidays) == (2027, False, ("AT",))


def test_intervals_come_from_a_prometheus_configuration_unless_they_are_set() -> None:
    Path("prometheus.yml").write_text(
        "global:\n  scrape_interval: 10s\n  evaluation_interval: 1m\nscrape_configs: []\nrule_files: []\n"
    )
    assert settings(ValidateConfig()).scrape_seconds == 10
    assert settings(ValidateConfig()).evaluation_seconds == 60
    assert settings(ValidateConfig.model_validate({"scrape-interval": "5s"})).scrape_seconds == 5
    Path("second.yml").write_text("global:\n  scrape_interval: 20s\nscrape_configs: []\nrule_files: []\n")
    assert settings(ValidateConfig()).scrape_seconds == 30, "two that differ say nothing"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (".rehearse.yaml", "exclud: [a]\n", r"Unknown key 'exclud'; did you mean 'exclude'\? \(\.rehearse\.yaml:1\)"),
        (".rehearse.yaml", "a: [\n", r"not valid YAML.*\(\.rehearse\.yaml:2\)"),
        (".rehearse.yaml", "- a\n", r"Expected keys and values.*\(\.rehearse\.yaml:1\)"),
        (".rehearse.yaml", "\nhpa-sync: soon\n", r"'hpa-sync'.*expected a duration.*\(\.rehearse\.yaml:2\)"),
        (".rehearse.yaml", "severity:\n  SC004: bad\n", r"'severity\.SC004'.*got 'bad' \(\.rehearse\.yaml:2\)"),
        ("pyproject.toml", "\n[tool.rehearse.validate]\nx = 1\n", r"Unknown key 'x'; remove it \(pyproject\.toml:3\)"),
        (
            "pyproject.toml",
            "[tool.rehearse.validat]\n",
            r"Unknown table 'tool\.rehearse\.validat'; did you mean 'validate'",
        ),
        ("pyproject.toml", "[tool.rehearse\n", r"This is not valid TOML.*\(pyproject\.toml:1\)"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_its_line(name: str, text: str, says: str) -> None:
    Path(name).write_text(text)
    with pytest.raises(BadInput, match=says):
        find_config(Path())


def test_globs_say_which_pages_are_runbooks() -> None:
    for name in ("ops/season.md", "docs/oncall-runbook.md"):
        Path(name).parent.mkdir()
        Path(name).write_text("# A page\n\nSome prose.\n")
    assert [page.file.path.name for page in read([Path()]).runbooks] == ["oncall-runbook.md"]
    assert [page.file.path.name for page in read([Path()], Scope(runbooks=("ops/*.md",))).runbooks] == ["season.md"]
