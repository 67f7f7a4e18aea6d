"""Charts rendered by the real helm."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.validate.session import Wishes, examine
from tests.validate.artefacts import SCALER

TODAY = date(2026, 9, 1)


@pytest.fixture(autouse=True)
def chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop/templates").mkdir(parents=True)
    Path("shop/Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 1.0.0\n")
    Path("shop/values.yaml").write_text("wanted: 5\n")
    Path("shop/templates/scaler.yaml").write_text("{{/* one */}}\n" + SCALER.replace('"8"', "{{ .Values.wanted | quote }}"))
    Path("peak.yaml").write_text("wanted: 8\n")


@pytest.mark.cluster
def test_what_helm_makes_is_checked_instead_of_the_templates() -> None:
    report = examine(Wishes(paths=[Path()], select=["SC004"], helm=[Path("peak.yaml")]), TODAY)
    assert [str(one.place.path) for one in report.findings] == ["shop/templates/scaler.yaml (rendered)"]
    assert report.sources.line(report.findings[0].place) == '        desiredReplicas: "8"'
    assert str(report.findings[0].place.on_disk) == "shop/templates/scaler.yaml:1"
    assert not report.skipped
    assert not examine(Wishes(paths=[Path()], select=["SC004"], helm=[Path("shop/values.yaml")]), TODAY).findings


@pytest.mark.cluster
def test_a_chart_that_does_not_render_is_refused_with_helms_words() -> None:
    Path("shop/templates/scaler.yaml").write_text("{{ .Values.a.b.c }}\n")
    with pytest.raises(BadInput, match="The chart shop does not render"):
        examine(Wishes(paths=[Path()], helm=[Path("peak.yaml")]), TODAY)


def test_without_values_a_template_is_named_as_skipped() -> None:
    report = examine(Wishes(paths=[Path()], select=["SC004"]), TODAY)
    assert [(str(one.place), one.why) for one in report.skipped] == [
        ("shop/templates/scaler.yaml:1", "it is a template that is not rendered (Helm); give its values with --helm")
    ]


def test_values_that_are_not_there_and_charts_that_are_not_there_are_refused() -> None:
    with pytest.raises(BadInput, match=r"There is no values file none\.yaml"):
        examine(Wishes(paths=[Path()], helm=[Path("none.yaml")]), TODAY)
    with pytest.raises(BadInput, match="There is no chart below the paths"):
        examine(Wishes(paths=[Path("peak.yaml")], helm=[Path("peak.yaml")]), TODAY)
