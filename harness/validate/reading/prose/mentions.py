"""Names that a page relies on: alerts, metrics, targets of kubectl, objects, SQL functions, channels and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.validate.artefacts import Code, Sentence
from harness.validate.estate import nearest
from harness.validate.finding import Confidence
from harness.validate.promises import Command, Mention
from harness.validate.reading.prose.commands import commands
from harness.validate.reading.prose.context import Context, header_cells, headings_of
from harness.validate.reading.prose.hedges import is_aside
from harness.validate.reading.prose.subjects import ALERT, ALERT_LIKE, METRIC_END

_KINDS = {
    **dict.fromkeys(("deployment", "deployments", "deploy", "deployment.apps", "deployments.apps"), "deployment"),
    **dict.fromkeys(("statefulset", "statefulsets", "sts"), "statefulset"),
    **dict.fromkeys(("scaledobject", "scaledobjects", "so", "scaledobject.keda.sh"), "scaledobject"),
    **dict.fromkeys(("hpa", "horizontalpodautoscaler", "horizontalpodautoscalers"), "hpa"),
    **dict.fromkeys(("service", "services", "svc"), "service"),
}
_NAME = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_TARGET = re.compile(
    rf"(?<![\w./-])(?P<kind>{'|'.join(map(re.escape, sorted(_KINDS, key=len, reverse=True)))})(?:/"
    rf"|\s+)(?P<name>{_NAME})(?![\w=/$<{{*.-])"
)
_VERB = re.compile(
    r"\b(?:kubectl|oc)\b(?P<flags>(?:\s+-{1,2}[\w-]+(?:[= ](?!get|delete|scale|rollout|describe|logs|edit|patch"
    r"|annotate|label|exec)[\w./-]+)?)*)\s+"
    r"(?:get|delete|scale|rollout\s+\w+|describe|logs|edit|patch|annotate|label|exec|set\s+\w+|autoscale|expose"
    r"|port-forward|wait|top\s+\w+)\b"
)
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*_[a-zA-Z0-9_:]*[a-zA-Z0-9]")
_KIND_BEFORE = re.compile(
    r"\b(?P<kind>deployments?|statefulsets?|scaledobjects?|hpa|services?|functions?|funktion(?:en)?|channels?"
    r"|kan[aä]l(?:e|s)?|tabellen?|tables?|alerts?|alarms?|alarme?"
    r"|metrics?|metrik(?:en)?|procedure|prozedur)\s+(?:named |called |namens )?$",
    re.IGNORECASE,
)
_PROSE_KINDS = {
    **{name: name for name in ("deployment", "statefulset", "scaledobject", "hpa", "service", "function", "channel")},
    "funktion": "function",
    "procedure": "function",
    "prozedur": "function",
    "kan": "channel",
    "tab": "table",
    "alert": "alert",
    "alarm": "alert",
    "metri": "metric",
}
_SHAPES = {
    **dict.fromkeys(("deployment", "statefulset", "scaledobject", "hpa", "service"), re.compile(_NAME)),
    **dict.fromkeys(("channel", "table"), re.compile(r"[a-z_][\w.]*")),
    "function": re.compile(r"[a-z_][\w.]*(?:\(.*\))?"),
    "alert": re.compile(r"[A-Z]\w+"),
    "metric": _METRIC,
}
_CALL = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9]*(?:_[a-z0-9]+)+\([^()]*\)")
"""`wholesale.next_events(100)`: a schema and the name of a function of several words."""
_LISTEN = re.compile(r"\b(?:LISTEN|NOTIFY|UNLISTEN)\s+(?P<name>[a-z_][a-z0-9_]*)\b|pg_notify\(\s*'(?P<quoted>[^']+)'")
_ALERT_HEAD = re.compile(r"^(?:alert(?:s|name)?|alarme?|regel|rule)\b", re.IGNORECASE)


def mentions(context: Context) -> Iterator[Mention]:
    """Every name of a page that something has to bear, each place of it."""
    seen: set[tuple[str, str, object]] = set()
    for mention in (*_alerts(context), *_codes(context), *_targets(context)):
        key = (mention.kind, mention.name, mention.place)
        if key not in seen and not any(is_aside(one) for one in mention.headings):
            seen.add(key)
            yield mention


def _alerts(context: Context) -> Iterator[Mention]:
    """Headings that are the name of an alert, and cells of a column of alerts."""
    for sentence in context.sentences:
        names = ALERT.findall(sentence.text)
        if sentence.where == "heading" and len(names) == 1 and context.alert_of(sentence.headings[-1]):
            yield _mention(sentence, "alert", names[0], Confidence.LIKELY)
        elif sentence.where == "cell" and sentence.header and _ALERT_HEAD.match(header_cells(sentence)):
            for name in names:
                if _is_alert(name, context):
                    yield _mention(sentence, "alert", name, Confidence.LIKELY)


def _codes(context: Context) -> Iterator[Mention]:
    for code in context.codes:
        text = code.text.strip()
        at = code.sentence.find(code.text)
        before = _KIND_BEFORE.search(code.sentence[:at]) if at > 0 else None
        if before is not None:
            kind = next(name for start, name in _PROSE_KINDS.items() if before["kind"].lower().startswith(start))
            if _SHAPES[kind].fullmatch(text):
                yield _code(code, kind, re.sub(r"\(.*", "", text), Confidence.LIKELY)
            continue
        if ALERT.fullmatch(text) and _is_alert(text, context) and not _is_exception(text, context):
            yield _code(code, "alert", text, Confidence.LIKELY)
        elif _METRIC.fullmatch(text) and _is_metric(text, context):
            yield _code(code, "metric", text, Confidence.LIKELY)
        elif (target := _TARGET.fullmatch(text)) and "/" in text:
            yield _code(code, _KINDS[target["kind"]], target["name"], Confidence.LIKELY)
        elif _CALL.fullmatch(text):
            yield _code(code, "function", re.sub(r"\(.*", "", text), Confidence.LIKELY)
        elif (channel := _LISTEN.search(text)) is not None:
            yield _code(code, "channel", channel["name"] or channel["quoted"], Confidence.LIKELY)


def _targets(context: Context) -> Iterator[Mention]:
    """`deployment/x` and `deployment x` in commands of kubectl; placeholders are no names."""
    for command in commands(context):
        if command.language in ("sql", "postgresql", "psql", "pgsql"):
            yield from _in_sql(command)
            continue
        if command.language != "bash":
            continue
        for row, line in enumerate(command.text.split("\n")):
            if not _VERB.search(line) or line.lstrip().startswith("#"):
                continue
            for found in _TARGET.finditer(line):
                if found["name"] not in _KINDS and not _is_placeholder(found["name"]):
                    place = command.place
                    if row == 0 and place.column + found.end() <= place.end_column:
                        place = type(place)(
                            place.path, place.line, place.column + found.start("name"), place.column + found.end("name")
                        )
                    elif row:
                        place = type(place)(
                            place.path,
                            place.line + row,
                            place.column + found.start("name"),
                            place.column + found.end("name"),
                        )
                    yield Mention(
                        place=place,
                        sentence=line.strip(),
                        headings=command.headings,
                        confidence=Confidence.CERTAIN,
                        kind=_KINDS[found["kind"]],
                        name=found["name"],
                    )


def _in_sql(command: Command) -> Iterator[Mention]:
    for found in re.finditer(r"\b(?P<name>[a-z_]\w*\.[a-z_]\w*)\s*\(", command.text):
        schema = found["name"].split(".")[0]
        if schema not in ("pg_catalog", "information_schema"):
            row = command.text.count("\n", 0, found.start())
            place = type(command.place)(
                command.place.path, command.place.line + row, command.place.column, command.place.end_column
            )
            yield Mention(
                place=place,
                sentence=command.text.strip().splitlines()[0],
                headings=command.headings,
                confidence=Confidence.LIKELY,
                kind="function",
                name=found["name"],
            )


def _is_alert(name: str, context: Context) -> bool:
    known = context.words.alerts
    return (
        name in known
        or bool(ALERT_LIKE.search(name))
        or bool(known and nearest(name, known) and _alike(name, nearest(name, known)))
    )


def _is_exception(name: str, context: Context) -> bool:
    """`TypeError` in code is an exception of a program, unless an alert is called so."""
    return name not in context.words.alerts and re.search(r"(?:Errors?|Failure|Exception)$", name) is not None


def _alike(one: str, other: str) -> bool:
    return one[:4] == other[:4] and abs(len(one) - len(other)) <= 4


def _is_metric(name: str, context: Context) -> bool:
    return name in context.words.metrics or bool(METRIC_END.search(name))


def _is_placeholder(name: str) -> bool:
    return bool(
        re.fullmatch(
            r"(?:x+|foo|bar|baz|my-?\w*|your-?.*|example.*|name|deployment-?name|app-?name|some-.*|pod-?name"
            r"|service-?name|workload)",
            name,
        )
    )


def _mention(sentence: Sentence, kind: str, name: str, confidence: Confidence) -> Mention:
    at = sentence.text.find(name)
    return Mention(
        place=sentence.at(at, at + len(name)),
        sentence=sentence.text,
        headings=headings_of(sentence),
        confidence=confidence,
        kind=kind,
        name=name,
    )


def _code(code: Code, kind: str, name: str, confidence: Confidence) -> Mention:
    return Mention(
        place=code.place,
        sentence=code.sentence,
        headings=tuple(one.text for one in code.headings),
        confidence=confidence,
        kind=kind,
        name=name,
    )
