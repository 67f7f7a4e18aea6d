"""Sentences as clean sets of other people have them, that were once not understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.validate.engine import read

TABLE = "| What | Grenze |\n|---|---|\n| Antwortzeit p95 | {} |"
WORKLOAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: booking-web\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("The season lasts from May 15 to July 10.", "the season lasts from 15 May to 10 July"),
        ("Strawberries are picked from May 15 to July 10.", "Strawberries lasts from 15 May to 10 July"),
        ("Vom 1. Juli bis zum 31. Juli laufen 12 Pods.", "the season lasts from 1 July to 31 July"),
        ("From Sep 1 to Oct 15 there are 10 pods of booking-web.", "booking-web has 10 pods"),
        ("In dieser Zeit laufen 10 Pods `booking-web`.", "booking-web has 10 pods"),
        ("During the season `booking-web` runs with 6 pods.", "booking-web has 6 pods"),
        ("Spätestens 5 Minuten nach einem Alarm schaut jemand drauf.", "an alert reaches people within 300 s"),
        ("We promise that a person knows within ten minutes.", "an alert reaches people within 600 s"),
        ("Scaling down waits ten minutes.", "scaling down waits at least 600 s"),
        ("Neue Pods bekommen erst Anfragen, wenn der Cache warm ist.", "pods are warm before they get traffic"),
        ("The rush lasts ten minutes.", "a peak lasts 600 s"),
        ("`MailQueueStuck` is critical.", "MailQueueStuck has severity critical"),
        ("Mehr als 1,5 % der Anfragen enden mit einem Serverfehler.", "error rate is bad when > 1,5 %"),
        ("Der Anteil abgelehnter Anträge bleibt unter 5 %.", "error rate must stay < 5 %"),
        (TABLE.format("< 800 ms"), "p95 latency must stay < 800 ms"),
        (TABLE.format("> 800 ms"), "p95 latency is bad when > 800 ms"),
        (TABLE.format("800 ms"), "p95 latency is bad when > 800 ms"),
    ],
)
def test_plain_words_are_understood(text: str, wanted: str, tmp_path: Path) -> None:
    assert wanted in told(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "The season may last from June 1 to June 9.",
        "The old page said 10 pods of every-thing.",
        "`MailQueueStuck` is critical to the business.",
        "Spätestens 5 Minuten nach dem Neustart ist alles gut.",
        "Traffic only arrives once the campaign starts.",
        "The rush was over in ten minutes.",
        "Außerhalb der Saison: 3 Pods booking-web.",
        "Außerhalb der Saison: 1 Pod shop, 3 Pods booking-web.",
        "Outside the season there are 2 pods of booking-web.",
    ],
)
def test_what_only_looks_alike_is_not_understood(text: str, tmp_path: Path) -> None:
    assert [one for one in told(tmp_path, text) if not one.startswith("there is")] == []


def told(folder: Path, text: str) -> list[str]:
    """What is understood of a runbook page with this text."""
    (folder / "runbook.md").write_text(f"# Runbook\n\n{text}\n", encoding="utf-8")
    (folder / "booking.yaml").write_text(WORKLOAD, encoding="utf-8")
    return [promise.understood() for promise in read([folder]).promises]
