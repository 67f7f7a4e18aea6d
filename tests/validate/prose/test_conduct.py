"""Seasons, pods, reactions, levels, names and commands are understood in German and English; asides are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.validate.artefacts import Found
from harness.validate.promises import (
    AlertLevel,
    Command,
    Expected,
    Mention,
    Peak,
    Prewarm,
    Promise,
    Reaction,
    Reviewed,
    Scale,
    Season,
    Stabilisation,
    Threshold,
)
from harness.validate.reading.markdown import read_markdown
from harness.validate.reading.prose import read_promises
from harness.validate.text import TextFile


def read(text: str, kind: type[Promise] = Promise, heading: str = "Runbook") -> list[Promise]:
    found = Found()
    read_markdown(TextFile(Path("runbook.md"), f"# {heading}\n\n{text}\n"), found)
    return [one for one in read_promises(found) if isinstance(one, kind)]


def told(text: str, kind: type[Promise], heading: str = "Runbook") -> list[str]:
    return [one.understood() for one in read(text, kind, heading)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Die Spargelsaison dauert vom 1. März bis 24. Juni.", "Spargel lasts from 1 March to 24 June"),
        ("The Oktoberfest season lasts from Sep 1 to Oct 15.", "Oktoberfest lasts from 1 September to 15 October"),
        ("Oktoberfest: 1. Sep – 15. Okt, 06:00–22:00.", "Oktoberfest lasts from 1 September to 15 October, 06:00 to 22:00"),
        ("Weihnachten läuft vom 15.11. bis 24.12.", "Weihnachten lasts from 15 November to 24 December"),
        ("Christmas season: November 15 - December 24.", "Christmas lasts from 15 November to 24 December"),
        ("The asparagus season goes from March to June.", "asparagus lasts from 1 March to 30 June"),
        ("Spargel: Mitte März bis 24. Juni.", "Spargel lasts from 15 March to 24 June"),
        (
            "Die Erdbeersaison dauert von Mai bis Juli, werktags von 6 bis 20 Uhr.",
            "Erdbeer lasts from 1 May to 31 July, 06:00 to 20:00, on workdays",
        ),
        ("Black Friday window: 2026-11-20 to 2026-11-30.", "Black Friday lasts from 20 November to 30 November"),
        (
            "Easter season: 20 March until 10 April, Mon–Fri 6 am to 8 pm.",
            "Easter lasts from 20 March to 10 April, 06:00 to 20:00, on workdays",
        ),
        (
            "Das Weihnachtsgeschäft dauert vom 20. November bis zum 6. Januar.",
            "Weihnachten lasts from 20 November to 6 January",
        ),
    ],
)
def test_a_season_is_understood(text: str, wanted: str) -> None:
    assert told(text, Season) == [wanted]


@pytest.mark.parametrize(
    "text",
    [
        "The deployment freeze lasts from December 20 to January 6.",
        "Urlaub: 1. August bis 15. August.",
        "In the season of 2023 the peak was from September 1 to October 20.",
        "Früher dauerte die Spargelsaison vom 15. März bis 20. Juni.",
        "The incident lasted from March 3 to March 5.",
        "Wartung vom 1. Mai bis 3. Mai.",
        "Anna is on call from June 1 to June 7, rotation B.",
        "The contract runs from January 1 to December 31.",
        "We may march to June.",
        "For example, a season from March to June.",
        "See pages 3 to 9.",
        "The Oktoberfest season is planned for September 1 to October 15.",
    ],
)
def test_other_stretches_of_days_are_no_seasons(text: str) -> None:
    assert told(text, Season) == []


def test_seasons_in_a_table_have_names_days_hours_and_zones() -> None:
    table = (
        "| Saison | Von | Bis | Zeiten | Zeitzone | Gebiet |\n|---|---|---|---|---|---|\n"
        "| Spargel | 1. März | 24. Juni | 6–22 Uhr | Europe/Berlin | DE, AT |\n"
    )
    (season,) = read(table, Season)
    assert isinstance(season, Season)
    assert season.understood() == "Spargel lasts from 1 March to 24 June, 06:00 to 22:00"
    assert (season.timezone, season.territories, season.daily) == ("Europe/Berlin", ("DE", "AT"), True)


def test_hours_of_a_later_sentence_belong_to_the_season_of_their_section() -> None:
    text = (
        "## Oktoberfest\n\nFrom 1 September to 15 October. The windows open at 06:00 on the first day and close at 22:00 "
        "on the last, in Europe/Berlin.\n\n## Spargel\n\n"
        "From 1 March to 24 June; windows open daily at 05:00 and close at 21:00.\n"
    )
    autumn, spring = read(text, Season)
    assert autumn.understood() == "Oktoberfest lasts from 1 September to 15 October, 06:00 to 22:00"
    assert isinstance(autumn, Season)
    assert isinstance(spring, Season)
    assert (autumn.daily, autumn.timezone, spring.daily) == (False, "Europe/Berlin", True)
    assert spring.understood() == "Spargel lasts from 1 March to 24 June, 05:00 to 21:00"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "Pre-scaled: DE queries 2 to 4, CH commands 1 to 2.",
            ["queries DE has 2 to 4 pods", "commands CH has 1 to 2 pods"],
        ),
        ("Vorskalierung: DE queries von 2 auf 6 Pods.", ["queries DE has 2 to 6 pods"]),
        (
            "AT queries are scaled from 1 to 3 replicas; CH commands stay at 1.",
            ["queries AT has 1 to 3 pods", "commands CH has 1 to 1 pods"],
        ),
        ("Die Skalierung 2 -> 6 Pods gilt für alle.", ["every workload has 2 to 6 pods"]),
        (
            "Within 10 minutes of the opening of the window every workload has its pods.",
            ["every workload has its pods within 600 s"],
        ),
        (
            "Innerhalb von 10 Minuten nach Öffnung des Fensters stehen alle Pods.",
            ["every workload has its pods within 600 s"],
        ),
        ("The pods are ready 30 minutes before the peak.", ["a workload has its pods, 0.5 h before"]),
        ("Die Pods stehen eine Stunde vor Beginn der Saison bereit.", ["a workload has its pods, 1 h before"]),
        (
            "Within 15 minutes of the closing every workload is back at its usual number.",
            ["every workload scales down to its pods within 900 s"],
        ),
    ],
)
def test_pods_are_understood(text: str, wanted: list[str]) -> None:
    assert told(text, Scale) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "In 2024 we had 2 to 4 pods.",
        "Früher waren es 2 bis 4 Pods.",
        "If queries are slow, scale from 2 to 4 pods by hand.",
        "Usually 2 to 4 pods are enough.",
        "Restart 2 to 3 times when pods hang for 10 to 20 s.",
        "Scaling takes 2 to 4 minutes.",
        "Could 2 to 4 pods be enough?",
    ],
)
def test_other_numbers_are_no_pods(text: str) -> None:
    assert told(text, Scale) == []


def test_a_table_of_usual_and_season_gives_pods() -> None:
    table = "| Gebiet | Deployment | Normal | Oktoberfest |\n|---|---|---|---|\n| DE | shop-api | 2 | 6 |\n"
    assert told(table, Scale) == ["shop-api has 2 to 6 pods in Oktoberfest"]


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        (Reaction, "crm-oncall has the alert within 4 minutes.", ["an alert reaches people within 240 s"]),
        (Reaction, "Die Bereitschaft wird innerhalb von 5 Minuten alarmiert.", ["an alert reaches people within 300 s"]),
        (Reaction, "QueueLagHigh pages the on-call within 3 min.", ["QueueLagHigh reaches people within 180 s"]),
        (Reaction, "The alert resolves within 10 minutes.", []),
        (Reaction, "The on-call is not paged within 5 minutes.", []),
        (Reaction, "Alerts repeat every 4 hours.", []),
        (
            Stabilisation,
            "The autoscaler waits five minutes before it takes pods away.",
            ["scaling down waits at least 300 s"],
        ),
        (Stabilisation, "Stabilisierung: 10 min.", ["scaling down waits at least 600 s"]),
        (Stabilisation, "There is no stabilisation of 5 minutes.", []),
        (Prewarm, "A pod warms itself up before it is ready.", ["pods are warm before they get traffic"]),
        (Prewarm, "Pods werden vorgewärmt.", ["pods are warm before they get traffic"]),
        (Prewarm, "Pods are not pre-warmed.", []),
        (Peak, "The peak lasts 30 minutes.", ["a peak lasts 1800 s"]),
        (Peak, "Mittagsspitze 11:30-13:00.", ["a peak lasts 5400 s"]),
        (Peak, "Die Spitze dauert 45 Minuten.", ["a peak lasts 2700 s"]),
        (Peak, "Look at the peak, then wait 5 minutes.", []),
        (AlertLevel, "QueueLagHigh: severity critical.", ["QueueLagHigh has severity critical"]),
        (AlertLevel, "QueueLagHigh hat den Schweregrad Warnung.", ["QueueLagHigh has severity warning"]),
        (AlertLevel, "QueueLagHigh has priority P1.", ["QueueLagHigh has severity P1"]),
        (AlertLevel, "The severity is critical.", []),
        (
            AlertLevel,
            "| Alert | Schweregrad |\n|---|---|\n| QueueLagHigh | kritisch |",
            ["QueueLagHigh has severity critical"],
        ),
        (Mention, "Run `kubectl -n x scale deployment/shop --replicas=3`.", ["there is a deployment shop"]),
        (Mention, "Run `kubectl rollout restart deployment shop-api`.", ["there is a deployment shop-api"]),
        (Mention, "Run `kubectl delete pod POD` and `kubectl logs deployment/NAME`.", []),
        (Mention, "Run `kubectl describe deployment <name>` or `kubectl get deploy $APP`.", []),
        (
            Mention,
            "The metric `queue_depth` and `http_requests_total`.",
            ["there is a metric http_requests_total", "there is a metric queue_depth"],
        ),
        (Mention, "The column `created_at` of `pg_stat_activity`.", []),
        (
            Mention,
            "Die Funktion `crm.replay()` auf dem Kanal `crm_events`.",
            ["there is a channel crm_events", "there is a function crm.replay"],
        ),
        (Mention, "See `PostgreSQL` and `StringBuilder`.", []),
        (Mention, "`SELECT crm.replay(1)` helps.", ["there is a function crm.replay"]),
        (Command, "Run `kubectl get pods`, then read `values.yaml`.", ["one types (bash): kubectl get pods"]),
        (Command, "```sql\nSELECT 1;\n```", ["one types (sql): SELECT 1;"]),
        (
            Command,
            "```console\n$ kubectl get pods\nNAME READY\n$ uptime\n```",
            ["one types (bash): kubectl get pods", "one types (bash): uptime"],
        ),
        (Command, "```yaml\na: 1\n```", []),
        (Reviewed, "Last reviewed: 2026-03-01", ["the page was reviewed on 2026-03-01"]),
        (Reviewed, "Zuletzt geprüft am 1. März 2026.", ["the page was reviewed on 2026-03-01"]),
        (Reviewed, "*Last review:* March 1, 2026", ["the page was reviewed on 2026-03-01"]),
        (Reviewed, "It was reviewed by Anna.", []),
    ],
)
def test_conduct_is_understood(kind: type[Promise], text: str, wanted: list[str]) -> None:
    assert sorted(told(text, kind)) == sorted(wanted)


def test_an_expect_block_gives_certain_promises() -> None:
    block = (
        "At most 2 % fail.\n\n```yaml expect\n- id: some\n  kind: errors\n  component: queries\n  at_most: 2 %\n"
        "  during: [start, end]\n"
        "- {id: pods, kind: scale, workload: shop, at_least: 3, after: window-opens, within: 10m}\n```\n"
    )
    found = [one for one in read(block) if one.confidence == "certain"]
    assert [(type(one), one.understood(), one.place.line) for one in found] == [
        (Expected, "a rehearsal judges 'some' (errors)", 6),
        (Threshold, "error rate of queries must stay <= 2 %", 9),
        (Expected, "a rehearsal judges 'pods' (scale)", 11),
        (Scale, "shop has 3 pods within 600 s", 11),
    ]


def test_front_matter_says_when_a_page_was_reviewed() -> None:
    found = Found()
    read_markdown(TextFile(Path("runbook.md"), "---\nlast_reviewed: 2026-03-01\n---\n# X\n"), found)
    assert [(one.understood(), one.place.line) for one in read_promises(found)] == [
        ("the page was reviewed on 2026-03-01", 2)
    ]


@pytest.mark.parametrize("heading", ["Changelog", "Beispiele", "Incident 2024-03-01", "Post-mortem", "Historie"])
def test_nothing_below_such_a_heading_is_a_promise(heading: str) -> None:
    text = "The p95 of queries is below 300 ms. Oktoberfest lasts from Sep 1 to Oct 15. QueueLagHigh: severity critical."
    assert told(f"## {heading}\n\n{text}\n", Promise) == []


_WRITTEN = (
    "p95 < 300 ms, über, 70 %, höchstens, 1. Sep, –, 15. Okt, 2 to 6 pods, DE, queries, innerhalb von, 10 Minuten"
    ", 1.500, 99,9 %, of, `kubectl get x`, the, nicht, if, 24:00, 31. Feb, 2026-13-45, Mo-Fr, severity, critical"
    ", QueueLagHigh, bis, to, ;, ., ß, %, 29.02."
)
_PIECES = st.sampled_from(["\n", "\n\n", "\n# ", "\n- ", "\n1. ", "|", "\x00", "0,5 s", *_WRITTEN.split(", ")])


@given(st.lists(_PIECES, max_size=40).map(" ".join))
def test_no_prose_breaks_the_reader(text: str) -> None:
    for promise in read(text):
        assert promise.understood()


def test_a_line_that_is_too_long_for_a_sentence_is_not_searched_for_promises() -> None:
    assert told("The p95 of queries must stay below 300 ms. " + "12 " * 10_000, Threshold) == [
        "p95 latency of queries must stay < 300 ms"
    ]
    assert told("p95 < 300 ms " * 1_000, Threshold) == []
