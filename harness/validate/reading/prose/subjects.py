"""What a sentence is about: measure, percentile, metric, component, territory, alert."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from harness.validate.artefacts import Found, Sentence
from harness.validate.promises import Measure
from harness.validate.reading.prose.languages import translated

_MEASURES: tuple[tuple[Measure, str, frozenset[str]], ...] = (
    (
        Measure.DEPTH,
        r"queue (?:depth|length|size)|backlog|warteschlangenlänge|queue-?länge|länge der (?:queue|warteschlange)"
        r"|tiefe der (?:queue|warteschlange)|pending (?:messages|events|jobs|entries)|wartende (?:nachrichten|jobs"
        r"|ereignisse)|(?:queue|warteschlange) (?:enthält|hält|hat|holds|contains|has)\b"
        r"|(?:more than|mehr als|over|über) \d[\d.,]* (?!min|sec|sek|stund|hour|ms\b|s\b|tag|day)(?:[^\W\d_]+ ){1,2}"
        r"(?:wait|warten)\b(?! auf\b| for (?:the|their|our)\b)|\bes warten\b",
        frozenset({"count"}),
    ),
    (
        Measure.ERRORS,
        r"error[- ]?(?:rate|ratio|quote|share)|failure[- ]rate|fehler(?:rate|quote|anteil)|failed requests"
        r"|failing requests"
        r"|(?:requests?|queries|commands|calls|orders|anfragen|aufrufe|bestellungen)(?: \w+){0,4} (?:fail|failed"
        r"|scheitern|fehlschlagen"
        r"|schlagen\b.{0,20}\bfehl)\b|fehlgeschlagene\w* (?:anfragen|requests|aufrufe)"
        r"|anteil (?:abgelehnter|fehlgeschlagener)"
        r"|enden mit (?:einem )?(?:server)?fehler|5xx|http[- ]?errors|(?:share"
        r"|anteil)\w* (?:of|der|von)? ?(?:errors|fehler)"
        r"|(?:%|prozent|percent) (?:fehler|errors|failures)\b|failed [a-z]+s\b"
        r"|anfragen mit fehlern?|fehlerhafte\w* (?:anfragen|antworten|requests)",
        frozenset({"ratio"}),
    ),
    (
        Measure.AVAILABILITY,
        r"availability|verfügbarkeit|uptime|success[- ]?rate|success ratio|erfolgs(?:quote|rate)",
        frozenset({"ratio"}),
    ),
    (
        Measure.QUEUE,
        r"(?:queue|warteschlange)\b.{0,60}(?:\bfull\b|\bfill(?:ed)?\b|\busage\b|\bused\b|gefüllt|\bvoll\b|füllstand"
        r"|auslastung|belegt)"
        r"|(?:füllstand|auslastung|füllgrad|usage|fill level)\b.{0,30}(?:queue|warteschlange)|queue[- ](?:usage|fill)"
        r"|queue-?(?:füllstand|auslastung)",
        frozenset({"ratio"}),
    ),
    (
        Measure.LAG,
        r"\w*\blag\b|verzug|rückstand|verzögerung|\w+-lag|replikationslag|delay|hinterher|nachlauf"
        r"|oldest (?:\w+ ){0,3}(?:message|event|change|entry|mail|order|job)"
        r"|älteste\w* (?:\w+ ){0,3}(?:nachricht|ereignis|änderung|eintrag|mail|bestellung|auftrag)"
        r"|(?:data|\w*daten|stock|bestand|bestände|prices|preise|feed)(?: \w+)? (?:older than|älter als)"
        r"|\bage of\b|\balter (?:der|des)\b|\b(?:wait(?= (?:more|longer) than )|warten(?= (?:mehr|länger) als ))",
        frozenset({"s"}),
    ),
    (
        Measure.LATENCY,
        r"latenc(?:y|ies)|response[- ]times?|antwortzeit(?:en)?|reaktionszeit der \w+ api|latenz(?:en)?|request duration"
        r"|antwortdauer|perzentil|percentile|quantil|\bp(?:50|90|95|99(?:[.,]?9)?)\b|(?:answered|served|beantwortet"
        r"|bedient|antworte[nt]|respond|responds)\b"
        r"|(?:(?:requests|queries|commands|anfragen|abfragen)\b|(?:%|prozent|percent) (?:of|der|aller)\b).{0,50}"
        r"(?:(?:take|taken|takes) (?:longer|more)|dauern"
        r"|brauchen)",
        frozenset({"s"}),
    ),
    (Measure.CPU, r"\bcpu\b|prozessorlast|cpu-?(?:last|auslastung)", frozenset({"ratio"})),
    (
        Measure.MEMORY,
        r"\bmemory\b|\bram\b|\bheap\b|arbeitsspeicher|speicher(?:verbrauch|auslastung|nutzung)",
        frozenset({"ratio", "bytes"}),
    ),
    (Measure.CONNECTIONS, r"connections|verbindungen|verbindungspool|connection pool", frozenset({"count", "ratio"})),
    (Measure.RESTARTS, r"restarts|neustarts", frozenset({"count"})),
    (Measure.REQUESTS, r"throughput|durchsatz|requests per second|anfragen pro sekunde|req/s|\brps\b", frozenset({"1/s"})),
)
_COMPILED = tuple((measure, re.compile(pattern, re.IGNORECASE), units) for measure, pattern, units in _MEASURES)
UNITS = {measure: units for measure, _, units in _COMPILED}
HIGHER_IS_BETTER = frozenset({Measure.AVAILABILITY})
NEUTRAL = frozenset({Measure.REQUESTS, Measure.OTHER})

_PERCENTILE = re.compile(
    r"\bp(?P<p>50|75|90|95|98|99(?:[.,]?\d+)?)\b|\b(?P<n>50|75|90|95|98|99(?:[.,]\d+)?)(?:\.|st|nd|rd|th"
    r"|-?te[sn]?)?[- ](?:perzentil|percentile|quantil)",
    re.IGNORECASE,
)
SHARE_OF = re.compile(
    r"\b(?P<n>50|75|90|95|98|99(?:[.,]\d+)?)\s?(?:%|percent|prozent)\s+(?:of|der|aller|von|dieser)\b", re.IGNORECASE
)
ELLIPTIC = re.compile(
    r"\b(?P<n>50|75|90|95|98|99(?:[.,]\d+)?)\s?(?:%|percent|prozent)\s+"
    r"(?:in|binnen|within|innerhalb von|(?:in )?under|(?:in )?unter|(?:in )?less than)\s+$",
    re.IGNORECASE,
)
"""`95 % of the queries within 300 ms and 99 % within` 800 ms: the share of what was spoken of before."""
METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*_[a-zA-Z0-9_:]+(?:\{[^}]*\})?")
METRIC_END = re.compile(
    r"_(?:total|seconds|bytes|ratio|bucket|seconds_(?:count|sum|bucket|max)|bytes_total|seconds_total|milliseconds)$"
)
_NO_METRIC = re.compile(r"_over_time$|^histogram_|^label_|^count_values$|^x86_64$|^max_|^min_|^pg_stat_|_at$|_id$|_count$")
ALERT = re.compile(r"\b(?:[A-Z]{2,6}(?=[A-Z][a-z]))?[A-Z][a-z0-9]+(?:[A-Z]+[a-z0-9]+)+\b")
ALERT_LIKE = re.compile(
    r"(?:High|Low|Down|Slow|Full|Filling|Failing|Failed|Failure|Errors?|ErrorRate|Missing|Lag|LagHigh|Burn|Saturated"
    r"|Exceeded|BelowPlan|Looping"
    r"|Unavailable|NotReady|Mismatch|Behind|Stuck|Exhausted|Absent|Expir(?:y|es|ing|ed)|Pressure|Restarting|Critical"
    r"|Warning|TooHigh|TooLow|Flapping)$"
)
_TERRITORIES = {
    **{code: code for code in ["DE", "CH", "AT", "FR", "NL", "BE", "LU", "PL", "CZ", "ES", "GB", "UK", "US", "DK", "SE"]},
    **dict.fromkeys(("Deutschland", "Germany", "Bavaria", "Bayern"), "DE"),
    **dict.fromkeys(("Schweiz", "Switzerland"), "CH"),
    **dict.fromkeys(("Österreich", "Austria"), "AT"),
    **dict.fromkeys(("Frankreich", "France"), "FR"),
}
TERRITORY = re.compile(rf"(?<![\w-])(?:{'|'.join(_TERRITORIES)})(?![\w-])")
_OF = re.compile(
    r"\b(?:of|for|der|des|von|vom|für|bei(?: den| der)?)\s+(?:the |all |any |a |an |den |der |dem "
    r"|alle[rn]? )?(?P<word>[A-Za-zÄÖÜäöü][\w-]+)"
)
_ANSWERS = re.compile(
    r"\b(?:[Dd]er|[Dd]ie|[Dd]as|[Tt]he) (?P<word>[A-Za-zÄÖÜäöü][\w-]+) (?:antworte[nt]|answers?|responds?)\b"
)
_NAMED = re.compile(
    r"^\s*(?P<word>[A-Za-zÄÖÜäöü][\w-]+)\s*:|\b(?P<joined>[A-ZÄÖÜa-z][\wäöü]+)-(?:Latenz|Antwortzeit|Fehlerrate|Lag"
    r"|Fehlerquote)"
)


_CANTON = re.compile(r"(?:kantone?|cantons?|cantoni?)\b", re.IGNORECASE)
_WATCHED = re.compile(r"\b(?:component|service|app|workload|part)\s*=\s*[\"'](?P<value>[\w-]+)[\"']")
"""What the rules tell apart by its name: `component=\"queries\"`."""


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


_NO_COMPONENT = _words(
    "limit limits pool monitoring alerting alerts metrics threshold thresholds schwellwerte get post put patch delete",
    "requests request anfragen anfrage aufrufe calls all alle users nutzer customers kunden territory region",
    "territorium cases time zeit least most p50 p90 p95 p99 workload workloads service services dienst dienste",
    "system systems pod pods cluster peak spitze season saison minutes minuten seconds sekunden latency latenz errors",
    "fehler them diese this that more mehr average alert alarm alerts werktagen tag day responses antworten traffic",
    "fällen fälle schlange warteraum",
    "last load queue warteschlange notifications ergebnisse oktoberfest weihnachten spargel two three four five ten",
    "the a an den der die das zwei drei vier fünf zehn long older longer example whom which what when how und and",
)


@dataclass(frozen=True)
class Vocabulary:
    """The names that the other files know: they tell a component from any noun. `watched`: components in rules."""

    alerts: frozenset[str] = frozenset()
    metrics: frozenset[str] = frozenset()
    workloads: frozenset[str] = frozenset()
    seasons: frozenset[str] = frozenset()
    watched: frozenset[str] = frozenset()
    _components: frozenset[str] = field(default=frozenset(), repr=False)

    @cached_property
    def components(self) -> frozenset[str]:
        """Parts of workloads' names and their labels: `crm-queries-de` gives `queries`."""
        parts = {part for name in self.workloads for part in name.split("-") if len(part) > 2}
        return frozenset(parts | self._components) - _NO_COMPONENT

    @staticmethod
    def of(found: Found) -> Vocabulary:
        """The names in everything that was read."""
        kinds = ("Deployment", "StatefulSet", "DaemonSet", "ScaledObject", "HorizontalPodAutoscaler")
        things = [thing for thing in found.things if thing.kind in kinds]
        seasons = {
            trigger.string("name")
            for thing in things
            if thing.kind == "ScaledObject"
            for trigger in thing.node.get("spec", "triggers") or ()
            if trigger.string("type") == "cron" and trigger.string("name")
        }
        return Vocabulary(
            alerts=frozenset(rule.alert for rule in found.rules if rule.alert),
            metrics=frozenset(name for rule in found.rules for name in METRIC.findall(rule.expr)),
            workloads=frozenset(thing.name for thing in things if thing.name),
            seasons=frozenset(seasons | {rehearsal.season for rehearsal in found.rehearsals if rehearsal.season}),
            watched=frozenset(
                one["value"].lower() for rule in found.rules for one in _WATCHED.finditer(rule.expr) if one["value"]
            ),
            _components=frozenset(
                value for thing in things for value in [thing.labels.get("app.kubernetes.io/component", "")] if value
            ),
        )


def metrics_in(sentence: Sentence, start: int, end: int, words: Vocabulary) -> list[str]:
    """The metrics named within a stretch of a sentence: known ones, in code, or with a unit at the end of the name."""
    found: list[str] = []
    for match in METRIC.finditer(sentence.text, start, end):
        name = match[0].split("{")[0]
        coded = any(first <= match.start() and match.end() <= last for first, last in sentence.codes)
        if name in words.metrics or METRIC_END.search(name) or (coded and name.islower() and not _NO_METRIC.search(name)):
            found.append(name)
    return list(dict.fromkeys(found))


def measure_in(text: str) -> tuple[Measure, int] | None:
    """The measure that is spoken of last, and where its words end."""
    best: tuple[Measure, int] | None = None
    for measure, pattern, _ in _COMPILED:
        for found in pattern.finditer(text):
            if best is None or found.end() > best[1]:
                best = (measure, found.end())
    return best


def measure_of_name(name: str) -> Measure | None:
    """What a metric or an alert is about, by the words in its name."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    for pattern, measure in (
        (r"latency|duration|response_time", Measure.LATENCY),
        (r"error|fail|5xx", Measure.ERRORS),
        (r"(?:queue|notif\w*)_(?:\w+_)?(?:usage|fill|ratio)|queue_filling", Measure.QUEUE),
        (r"lag|delay|behind|oldest|aelteste|älteste", Measure.LAG),
        (r"depth|backlog|pending|queue_(?:length|size)|wartend|warteschlange", Measure.DEPTH),
        (r"cpu", Measure.CPU),
        (r"memory|heap", Measure.MEMORY),
        (r"connections", Measure.CONNECTIONS),
        (r"restart", Measure.RESTARTS),
        (r"availab|success_r", Measure.AVAILABILITY),
    ):
        if re.search(pattern, words):
            return measure
    return None


def percentile_in(text: str) -> float | None:
    """0.95 for `p95`, `95. Perzentil` and `95 % of the queries`; None where two are named or none."""
    found = {_share(one["p"] or one["n"], bool(one["p"])) for one in _PERCENTILE.finditer(text)}
    found |= {_share(one["n"], False) for pattern in (SHARE_OF, ELLIPTIC) for one in pattern.finditer(text)}
    return found.pop() if len(found) == 1 else None


def _share(written: str, short: bool) -> float:
    digits = re.sub(r"[.,]", "", written) if short else ""
    number = float(f"{digits[:2]}.{digits[2:] or 0}") if short else float(written.replace(",", "."))
    return round(number / 100, 6)


def territories_in(text: str) -> tuple[str, ...]:
    """The codes of the territories named, each once, in order."""
    return tuple(dict.fromkeys(_TERRITORIES[found[0]] for found in TERRITORY.finditer(text)))


def cells_of(sentence: Sentence) -> tuple[str, ...]:
    """The cells of a row; a canton's code is read as Switzerland: BE is Bern there, and not Belgium."""
    return tuple(
        "CH" if at < len(sentence.header) and _CANTON.match(sentence.header[at]) and cell.strip() else cell
        for at, cell in enumerate(sentence.row)
    )


def component_in(text: str, words: Vocabulary) -> str:
    """The workload or component a text speaks of: a known name, or the noun after `of`, `der`, `von`; else ''."""
    for name in re.findall(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)+", text):
        if name in words.workloads:
            return str(name)
    known = [word for word in re.findall(r"[A-Za-zÄÖÜäöü0-9]+", text) if word.lower() in words.components]
    if known:
        return known[0].lower() if len({word.lower() for word in known}) == 1 else ""
    if same := translated(text, words.components | words.watched):
        return same
    for found in (*_ANSWERS.finditer(text), *_NAMED.finditer(text), *_OF.finditer(text)):
        word = found["word"] or found.groupdict().get("joined") or ""
        if (
            word
            and "_" not in word
            and measure_in(word) is None
            and word.lower() not in _NO_COMPONENT
            and word not in _TERRITORIES
            and not ALERT.fullmatch(word)
        ):
            return word.lower()
    return ""


def alerts_in(text: str, words: Vocabulary) -> tuple[str, ...]:
    """The names of alerts in a text: known ones, and what is spelt like one."""
    return tuple(dict.fromkeys(name for name in ALERT.findall(text) if name in words.alerts or ALERT_LIKE.search(name)))
