"""Where sentences end, and what plain sentences promise of pods and limits; near misses stay unread."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.validate.artefacts import Found
from harness.validate.engine import read
from harness.validate.promises import Scale, Season, Threshold
from harness.validate.reading.markdown import read_markdown
from harness.validate.text import TextFile

RULES = """
groups:
  - name: shop
    rules:
      - alert: ShopSlow
        expr: histogram_quantile(0.95, sum by (le) (rate(x_duration_seconds_bucket{component="queries"}[5m]))) > 0.5
      - alert: StockStale
        expr: max(stock_age_seconds) > 900
"""
WORKLOADS = "".join(
    f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n---\n"
    for name in ("crm-queries-de", "catalogue", "delivery-slots")
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Es laufen 6 Pods statt 2. 95 % der Abfragen sind fertig.", 2),
        ("Es laufen 6 Pods statt 2. Danach ist Ruhe.", 2),
        ("Es laufen 6 Pods statt 2. `crm` hat 4.", 2),
        ("It takes 12. 30 minutes later it ends.", 2),
        ("Es endet am 15. Oktober um zehn.", 1),
        ("Es endet am 1. 9. 2026 um zehn.", 1),
        ("Sie beginnt am 3. September.", 1),
        ("Der 2. Versuch zählt.", 1),
        ("See e.g. 5 pods.", 1),
        ("Das 95. Perzentil zählt.", 1),
        ("1. 9. bis 15. 10. ist Saison.", 1),
    ],
)
def test_a_full_stop_behind_a_number_ends_a_sentence_only_where_no_date_goes_on(text: str, wanted: int) -> None:
    found = Found()
    read_markdown(TextFile(Path("runbook.md"), f"# Runbook\n\nText {text}\n"), found)

    assert len([one for one in found.pages[0].sentences if one.where == "prose"]) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("95 % der Abfragen müssen in 300 ms beantwortet sein.", "p95 latency of queries must stay <= 300 ms"),
        ("95 % der Lesezugriffe müssen in 300 ms beantwortet sein.", "p95 latency of queries must stay <= 300 ms"),
        ("95 % der Bestellungen brauchen länger als 2,5 s.", "p95 latency of bestellungen is bad when > 2,5 s"),
        ("95 % der Schreibvorgänge sind in 750 ms fertig.", "p95 latency of schreibvorgänge must stay <= 750 ms"),
        ("Der Warenkorb antwortet in 95 % der Fälle in unter 300 ms.", "p95 latency of warenkorb must stay < 300 ms"),
        (
            "95 % der Abfragen müssen innerhalb von 300 ms und 99 % in 800 ms beantwortet sein.",
            "p99 latency of queries must stay <= 800 ms",
        ),
        (
            "95 % der Abfragen müssen innerhalb von 300 ms und 99 % in 800 ms beantwortet sein.",
            "p95 latency of queries must stay <= 300 ms",
        ),
        ("**ShopSlow**: über 3 % Fehler in fünf Minuten.", "error rate is bad when > 3 %"),
        ("Die Warteschlange zum Ofen ist zu mehr als 80 % gefüllt.", "queue fill is bad when > 80 %"),
        ("Visitors wait more than 90 seconds in the queue.", "lag is bad when > 90 seconds"),
        ("Kunden warten länger als 90 Sekunden in der Schlange.", "lag is bad when > 90 Sekunden"),
        ("More than 500 events wait for two minutes.", "queue depth is bad when > 500 for 120 s"),
        ("More than 5,000 mails wait.", "queue depth is bad when > 5,000"),
        ("Es warten mehr als 20.000 Stände.", "queue depth is bad when > 20.000"),
        ("Mehr als 180 s alt ist die älteste nicht verschickte Mail.", "lag is bad when > 180 s"),
        ("Die Übergabewarteschlange enthält nie mehr als 50.000 Einträge.", "queue depth must stay <= 50.000"),
        ("## StockStale\n\nStock data older than 15 minutes.", "lag is bad when > 15 minutes"),
        (
            "| What | Limit | Alert |\n|---|---|---|\n| age of the stock data | 15 min | StockStale |",
            "lag of stock is bad when > 15 min",
        ),
        ("| Level | Shop p95 |\n|---|---|\n| warning | 750 ms |\n| critical | 2 s |", "p95 latency is bad when > 2 s"),
        ("| Level | Failed orders |\n|---|---|\n| critical | 4 % |", "error rate is bad when > 4 %"),
    ],
)
def test_a_plain_limit_is_understood(text: str, wanted: str, tmp_path: Path) -> None:
    assert wanted in told(tmp_path, text, Threshold)


def test_german_thousands_are_thousands(tmp_path: Path) -> None:
    found = promises(tmp_path, "Die Warteschlange enthält nie mehr als 50.000 Einträge.")

    assert [one.limit.value for one in found if isinstance(one, Threshold)] == [50_000]


def test_rows_of_levels_have_their_level(tmp_path: Path) -> None:
    found = promises(tmp_path, "| Level | Shop p95 |\n|---|---|\n| warning | 750 ms |\n| critical | 2 s |")

    assert [(one.level, one.limit.value) for one in found if isinstance(one, Threshold)] == [
        ("warning", 0.75),
        ("critical", 2),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The job is done in 300 ms.",
        "95 % der Einnahmen kommen in 3 Tagen.",
        "2 % der Bestellungen kommen in 5 Minuten.",
        "Wait more than 90 seconds.",
        "Mindestens 5 Minuten warten.",
        "Mehr als 5 Minuten warten.",
        "Then wait more than 90 seconds in the office.",
        "Logs older than 15 minutes are deleted.",
        "Stock data older than 15 minutes is deleted.",
        "More than 500 guests dance for two minutes.",
        "Die älteste Mail ist nicht mehr als 180 s alt, hieß es früher.",
        "| Level | Floor |\n|---|---|\n| critical | 2 s |",
        "| Priority | Response time |\n|---|---|\n| P1 | 15 min |\n| P2 | 60 s |",
        "| Severity | Response target | Update every |\n|---|---|---|\n| critical | 15 min | 30 min |",
        "Wir warten mehr als 5 Minuten, bevor wir neu starten.",
        "Mehr als 20 Kollegen warten auf den Bus.",
        "More than 20 people wait for the bus.",
        "| Room | Shop p95 |\n|---|---|\n| critical | 2 s |",
    ],
)
def test_what_only_looks_like_a_limit_stays_unread(text: str, tmp_path: Path) -> None:
    assert told(tmp_path, text, Threshold) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Es laufen von `crm-queries-de` 6 Pods statt 2.", ["crm-queries-de has 2 to 6 pods"]),
        ("Im Oktoberfest hat `crm-queries-de` 6 Pods.", ["crm-queries-de has 6 pods in Oktoberfest"]),
        ("In dieser Zeit laufen von `catalogue` acht Pods.", ["catalogue has 8 pods"]),
        ("During the sale `catalogue` runs six pods.", ["catalogue has 6 pods"]),
        (
            "`catalogue` runs 6 pods instead of 2, `delivery-slots` runs 3 instead of 1.",
            ["catalogue has 2 to 6 pods", "delivery-slots has 1 to 3 pods"],
        ),
        ("The `shop` deployment must have 12 replicas during the sale.", ["shop has 12 pods"]),
        ("The shop deployment must have 12 replicas during the sale.", ["shop has 12 pods"]),
        ("In the gala there are 20 pods of `catalogue`.", ["catalogue has 20 pods"]),
        ("We run `catalogue` with 6 pods.", ["catalogue has 6 pods"]),
        ("`catalogue`: 6 pods, `delivery-slots`: 3 pods.", ["catalogue has 6 pods", "delivery-slots has 3 pods"]),
        ("`crm-queries-de` has 6 pods and `catalogue` has 4 pods.", ["crm-queries-de has 6 pods", "catalogue has 4 pods"]),
        ("In namespace `crm` the deployment `crm-queries-de` has 6 pods.", ["crm-queries-de has 6 pods"]),
        ("For `catalogue` there are 6 pods in the season.", ["catalogue has 6 pods"]),
        ("Von `catalogue` gibt es 6 Pods.", ["catalogue has 6 pods"]),
        ("Each of the 3 services has 2 pods.", ["every workload has 2 pods"]),
        ("Every workload has 4 pods.", ["every workload has 4 pods"]),
        (
            "| Service | Off season | March 1 to June 15 |\n|---|---|---|\n| `catalogue` | 2 | 6 |",
            ["catalogue has 2 to 6 pods"],
        ),
        (
            "## Ablesezeit\n\nDie Ablesezeit dauert vom 1. Dezember bis 15. Januar.\n\n"
            "| Zeitraum | Dienst | Pods normal | Pods in der Ablesezeit |\n|---|---|---|---|\n"
            "| 1. Dez - 15. Jan | catalogue | 2 | 8 |",
            ["catalogue has 2 to 8 pods in Ablesezeit"],
        ),
    ],
)
def test_pods_of_a_named_workload_are_understood(text: str, wanted: list[str], tmp_path: Path) -> None:
    assert told(tmp_path, text, Scale) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "`catalogue` and `delivery-slots` have 6 pods.",
        "`catalogue` had 6 pods instead of 2.",
        "The limit is 500 ms instead of 300 ms.",
        "Use the new page instead of 2 pods of paper.",
        "Six people run the two shops.",
        "The topic `orders` has 3 replicas.",
        "The table `orders` has 2 replicas in Frankfurt.",
        "The `api` has 2 replicas of its cache.",
        "`catalogue` has 3 replicas per zone.",
        "The chart `catalogue` has 3 replicas by default.",
        "Today `catalogue` runs 6 pods instead of 2 because of an incident.",
        "With 6 pods instead of 2 it is calm.",
        "The maximum is 6 pods instead of 2.",
        "The cost: 6 pods of paper.",
        "Compare `catalogue` with 6 pods in staging.",
        "Außerhalb der Saison laufen von `catalogue` zwei Pods.",
        "| Service | Off season | March 1 to June 15 |\n|---|---|---|\n| `catalogue` | 2 | closed |",
        "| Who | January 1 to June 15 |\n|---|---|\n| Anna | 6 |",
    ],
)
def test_what_only_looks_like_pods_stays_unread(text: str, tmp_path: Path) -> None:
    assert told(tmp_path, text, Scale) == []


def test_pods_without_a_name_are_not_those_of_every_workload(tmp_path: Path) -> None:
    assert told(tmp_path, "From June on it has 6 pods.", Scale) == ["a workload has 6 pods"]


@pytest.mark.parametrize(("head", "wanted"), [("Kanton", ("CH",)), ("Canton", ("CH",)), ("Gebiet", ("BE",))])
def test_a_canton_is_in_switzerland(head: str, wanted: tuple[str, ...], tmp_path: Path) -> None:
    table = f"| Saison | Von | Bis | {head} |\n|---|---|---|---|\n| Winter | 1. Dezember | 10. April | BE |"
    (season,) = (one for one in promises(tmp_path, table) if isinstance(one, Season))

    assert season.territories == wanted


def told(folder: Path, text: str, kind: type) -> list[str]:
    """What is understood of a runbook page with this text, as far as it is of one kind."""
    return [one.understood() for one in promises(folder, text) if isinstance(one, kind)]


def promises(folder: Path, text: str) -> list[object]:
    """The promises of a page beside two rules and three workloads."""
    (folder / "runbook.md").write_text(f"# Runbook\n\n{text}\n", encoding="utf-8")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    (folder / "workloads.yaml").write_text(WORKLOADS, encoding="utf-8")
    return list(read([folder]).promises)
