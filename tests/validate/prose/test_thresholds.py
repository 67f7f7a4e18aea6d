"""Limits in sentences are understood, in German and English; what only looks like one is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.validate.artefacts import Found
from harness.validate.promises import Threshold
from harness.validate.reading.markdown import read_markdown
from harness.validate.reading.prose import read_promises
from harness.validate.text import TextFile


def read(text: str, heading: str = "Runbook") -> list[Threshold]:
    found = Found()
    read_markdown(TextFile(Path("runbook.md"), f"# {heading}\n\n{text}\n"), found)
    return [one for one in read_promises(found) if isinstance(one, Threshold)]


def told(one: Threshold) -> str:
    return one.understood()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("The p95 of queries must stay below 300 ms.", ["p95 latency of queries must stay < 300 ms"]),
        ("p95 < 300 ms.", ["p95 latency must stay < 300 ms"]),
        ("95 % of the queries are answered within 300 ms.", ["p95 latency of queries must stay <= 300 ms"]),
        (
            "95 % of the queries are answered within 300 ms and 95 % of the commands within 750 ms, in every territory.",
            ["p95 latency of queries must stay <= 300 ms", "p95 latency of commands must stay <= 750 ms"],
        ),
        ("95 % der Queries werden innerhalb von 300 ms beantwortet.", ["p95 latency of queries must stay <= 300 ms"]),
        ("Mindestens 99 % der Bestellungen antworten in unter 0,5 s.", ["p99 latency of bestellungen must stay < 0,5 s"]),
        ("Die Antwortzeit (p99) darf nicht über 1.500 ms liegen.", ["p99 latency must stay <= 1.500 ms"]),
        ("The p99 latency must not exceed 1.5 s.", ["p99 latency must stay <= 1.5 s"]),
        ("At most 2 % of the requests fail.", ["error rate must stay <= 2 %"]),
        ("Höchstens 2 % der Anfragen scheitern.", ["error rate must stay <= 2 %"]),
        ("Die Fehlerrate bleibt unter 0,5 Prozent.", ["error rate must stay < 0,5 Prozent"]),
        ("The error rate stays below 1 %.", ["error rate must stay < 1 %"]),
        ("The alert fires when the error rate is above 5 % for 10 minutes.", ["error rate is bad when > 5 % for 600 s"]),
        ("Alarm, wenn die Fehlerquote länger als 5 Minuten über 3 % liegt.", ["error rate is bad when > 3 % for 300 s"]),
        (
            "Der Alarm feuert, wenn die Queue seit zwei Minuten über 70 % gefüllt ist.",
            ["queue fill is bad when > 70 % for 120 s"],
        ),
        ("The queue for notifications is more than 70 % full.", ["queue fill is bad when > 70 %"]),
        ("More than 2 % of a workload's requests have failed for two minutes.", ["error rate is bad when > 2 % for 120 s"]),
        ("Consumer lag above 60 s for 2 min is critical.", ["lag is bad when > 60 s for 120 s"]),
        ("Der Replikations-Lag liegt höchstens bei 5 s.", []),
        ("Der Rückstand beträgt höchstens 5 s.", ["lag must stay <= 5 s"]),
        ("Verfügbarkeit: mindestens 99,9 %.", ["availability must stay >= 99,9 %"]),
        ("Availability must be at least 99.9 %.", ["availability must stay >= 99.9 %"]),
        ("CPU über 80 % seit 10 min: Warnung.", ["cpu is bad when > 80 % for 600 s"]),
        (
            "`pg_notification_queue_usage` above 70 % for 1 min fires the alert.",
            ["pg_notification_queue_usage is bad when > 70 % for 60 s"],
        ),
        ("p95 von Commands in AT unter 750 ms.", ["p95 latency of commands AT must stay < 750 ms"]),
        (
            "95 % of the queries of a territory have taken longer than 300 ms for two minutes.",
            ["p95 latency of queries is bad when > 300 ms for 120 s"],
        ),
        ("Das 95. Perzentil der Suche muss unter 400 ms bleiben.", ["p95 latency of suche must stay < 400 ms"]),
        ("The backlog must not exceed 1,000 messages.", ["queue depth must stay <= 1,000"]),
        ("Der Backlog darf 1.000 Nachrichten nicht überschreiten.", ["queue depth must stay <= 1.000"]),
        (
            "p95 over 300ms or error rate over 2%: escalate.",
            ["p95 latency is bad when > 300ms", "error rate is bad when > 2%"],
        ),
    ],
)
def test_a_limit_is_understood(text: str, wanted: list[str]) -> None:
    assert [told(one) for one in read(text)] == wanted


@pytest.mark.parametrize(
    "text",
    [
        "The p95 limit was 500 ms until 2024.",
        "p95 is no longer below 300 ms.",
        "Früher lag die Fehlerrate unter 2 %.",
        "Bis 2024 galt: p95 unter 500 ms.",
        "For example, p95 < 300 ms.",
        "Zum Beispiel: Fehlerrate über 5 %.",
        "Is the p95 above 300 ms?",
        "Liegt die Fehlerrate über 2 %?",
        "Once the error rate is below 1 %, close the incident.",
        "Wenn die Fehlerrate wieder unter 1 % liegt, den Vorfall schließen.",
        "The latency is usually below 200 ms.",
        "Die Antwortzeit liegt normalerweise unter 200 ms.",
        "We measured a p95 below 120 ms.",
        "The p95 might rise above 2 s.",
        "Nothing is promised about latency above 300 ms.",
        "Wait at least 5 minutes.",
        "Warte mindestens 5 Minuten.",
        "The discount is at most 20 %.",
        "Scale to at least 6 pods when CPU is above 80 %.",
        "Logs are kept for at most 30 days.",
        "The p95 is between 100 and 300 ms.",
        "Response times of 100-200 ms are fine.",
        "Version 2.5 and above is needed.",
        "Open port 8080 under Settings.",
        "See section 4 below 3.2.",
        "More than 300 shops order from us.",
        "Über 200 Händler bestellen bei uns.",
        "The meeting takes at most 30 minutes.",
        "Set the timeout to at most 30 s.",
        "The p95 latency does not have to stay below 300 ms.",
        "Es gibt keinen Alarm, wenn die Fehlerrate über 2 % steigt.",
        "No alert fires when the error rate is above 2 %.",
        "Unlike the old cluster, p95 < 300 ms.",
        "We plan to bring p95 below 200 ms.",
        "Geplant ist eine Antwortzeit unter 200 ms.",
        "~~p95 < 300 ms~~",
        "<!-- p95 < 300 ms -->",
        "Der Umsatz steigt um mehr als 40 %.",
        "Revenue grows by more than 40 %.",
        "The error budget is 0.1 %.",
        "Seven of ten requests in DE concern Bavarian customers.",
        "At 100 % the CRM stores changes without notifying.",
    ],
)
def test_what_promises_nothing_is_not_understood(text: str) -> None:
    assert [told(one) for one in read(text)] == []
