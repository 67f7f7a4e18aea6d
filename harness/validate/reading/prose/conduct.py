"""What alerting and scaling are to do in time: reactions, levels of alerts, stabilisation, pre-warming, peaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from harness.validate.artefacts import Sentence
from harness.validate.finding import Confidence
from harness.validate.promises import AlertLevel, Peak, Prewarm, Reaction, Stabilisation
from harness.validate.reading.prose.context import Context, header_cells, headings_of
from harness.validate.reading.prose.dates import hours
from harness.validate.reading.prose.quantities import durations
from harness.validate.reading.prose.subjects import alerts_in

_KNOWS = re.compile(
    r"\b(?:alert(?:s|ed)?|alarm(?:e|iert)?|paged?|pages|notif(?:y|ied|ication)|benachrichtigt|informiert|verständigt"
    r"|on-?call|bereitschaft|reaktionszeit"
    r"|reaction time|gemeldet|meldung|react(?:s|ed)?|knows?|erfährt|reagiert|gerufen|called)\b",
    re.IGNORECASE,
)
_NOT_REACTION = re.compile(
    r"resolv|gelöst|behoben|erledigt|recover|wieder da|post-?mortem|silence|stumm|repeat|wiederhol|escalat|eskal"
    r"|acknowledg|quittier|nicht\b|\bnot\b|never"
    r"|kein|\bno\b|\bevery\b|\balle\b|answered|beantwortet|review|rückmeldung|status ?page",
    re.IGNORECASE,
)
_WITHIN = re.compile(
    r"(?:within|innerhalb(?: von)?|binnen|in under|in weniger als|spätestens nach|nach spätestens|no later than"
    r"|reaction time:?|reaktionszeit:?|at most|höchstens|after at most)\s+(?:the first )?$",
    re.IGNORECASE,
)
_STABLE = re.compile(
    r"stabili[sz]|(?:before|bevor) (?:it|he|they|er|sie) (?:takes? pods away|scales? down|herunterskaliert|pods abbaut)"
    r"|scales? down only after|\bscaling (?:down|in) (?:waits|takes at least)\b"
    r"|(?:erst|frühestens) nach .{0,30}(?:herunter|runter|zurück)skalier|(?:herunter|runter)skalier\w* .{0,20}(?:erst"
    r"|frühestens) nach",
    re.IGNORECASE,
)
_WARM = re.compile(
    r"\bwarms? (?:it|them)sel(?:f|ves) up\b|\bpre-?warm(?:s|ed)?\b|\bvorgewärmt\b|\bvorwärm\w*"
    r"|\b(?:erst|only)\b.{0,30}\b(?:anfragen|last|verkehr|requests|traffic)\b.{0,60}\bwarm\b"
    r"|\bwärmt sich\b.{0,20}\b(?:auf|vor)\b|\bwarm\w* (?:up )?before\b|warm, bevor",
    re.IGNORECASE,
)
_PEAK = re.compile(r"(?:\bpeaks?|\brush|\w*spitze|\bansturm)\b", re.IGNORECASE)
_LASTS = re.compile(
    r"\b(?:lasts?|dauert|of|for|von|takes?)\s+(?:only |just |nur |up to |bis zu )?$|-minute peak|-minütige", re.IGNORECASE
)
_NO = re.compile(r"\b(?:not|never|no|without|nicht|nie|kein\w*|ohne)\b", re.IGNORECASE)
_SEVERITY_HEAD = re.compile(
    r"^(?:severity|schweregrad|level|stufe|priorität|priority|prio|dringlichkeit|urgency)\b", re.IGNORECASE
)
_SEVERITY = re.compile(
    r"(?:\b(?:severity|schweregrad|level|stufe|priorität|priority|prio|dringlichkeit)\b\s*(?:is|ist|:"
    r"|=)?\s*[`*\"]?(?P<after>critical|kritisch|warning|warnung|info(?:rmation)?|page|ticket"
    r"|high|hoch|medium|mittel|low|niedrig|P[0-5]|SEV-?[0-5])\b)",
    re.IGNORECASE,
)
_IS_LEVEL = re.compile(
    r"^\W*(?P<alert>[A-Z]\w+)\W* (?:is|ist) (?:a )?(?P<after>critical|kritisch|warning|P[0-5])\b(?! to\b)"
)
"""`MailQueueLong is critical.`"""
_LEVEL = re.compile(
    r"(?:critical|kritisch|warning|warnung|info|page|ticket|high|hoch|medium|mittel|low|niedrig|P[0-5]|SEV-?[0-5])",
    re.IGNORECASE,
)
_LEVELS = {
    "kritisch": "critical",
    "warnung": "warning",
    "information": "info",
    "hoch": "high",
    "mittel": "medium",
    "niedrig": "low",
}


def reactions(context: Context) -> Iterator[Reaction]:
    """`crm-oncall has the alert within 4 minutes`."""
    for sentence, german in context.promising("prose", "item"):
        text = sentence.text
        if not _KNOWS.search(text):
            continue
        for amount in durations(text, german):
            clause = _clause(text, amount.start, amount.end)
            if not _is_latest(text, amount.start, amount.end) or not _KNOWS.search(clause) or _NOT_REACTION.search(clause):
                continue
            named = alerts_in(text, context.words)
            alert = named[0] if len(named) == 1 else context.alert_above(sentence) if not named else ""
            yield Reaction(
                place=sentence.at(amount.start, amount.end),
                sentence=text,
                headings=headings_of(sentence),
                confidence=Confidence.LIKELY
                if alert or re.search(r"alert|alarm|paged", clause, re.IGNORECASE)
                else Confidence.GUESS,
                within=amount.duration,
                alert=alert,
            )


def stabilisations(context: Context) -> Iterator[Stabilisation]:
    """`The autoscaler waits five minutes (stabilisation) before it takes pods away`."""
    for sentence, german in context.promising("prose", "item"):
        found = durations(sentence.text, german)
        if len(found) == 1 and _STABLE.search(sentence.text) and not _NO.search(sentence.text[: found[0].end]):
            yield Stabilisation(
                place=sentence.at(found[0].start, found[0].end),
                sentence=sentence.text,
                headings=headings_of(sentence),
                least=found[0].duration,
            )


def prewarms(context: Context) -> Iterator[Prewarm]:
    """`A pod warms itself up before it is ready`; where warming takes a time, that too."""
    for sentence, german in context.promising("prose", "item"):
        found = _WARM.search(sentence.text)
        if found is None or _NO.search(sentence.text[: found.start()]) or sentence.text.rstrip().endswith("?"):
            continue
        takes = [
            one
            for one in durations(sentence.text, german)
            if re.search(r"(?:takes?|dauert|braucht|needs)\s+(?:\w+ )?$", sentence.text[: one.start])
        ]
        named = [name for name in re.findall(r"[\w-]+", sentence.text) if name in context.words.workloads]
        yield Prewarm(
            place=sentence.at(found.start(), found.end()),
            sentence=sentence.text,
            headings=headings_of(sentence),
            workload=named[0] if len(named) == 1 else "",
            takes=takes[0].duration if len(takes) == 1 else None,
        )


def peaks(context: Context) -> Iterator[Peak]:
    """`The peak lasts 30 minutes`, `Mittagsspitze 11:30-13:00`."""
    for sentence, german in context.promising("prose", "item", "cell"):
        text = sentence.text if sentence.where != "cell" else " | ".join(sentence.row)
        peak = _PEAK.search(text)
        if (
            peak is None
            or (sentence.where == "cell" and hours(sentence.text) is None)
            or re.search(r"season|saison", text, re.IGNORECASE)
        ):
            continue
        times = hours(sentence.text)
        lasts: timedelta | None = None
        place = sentence.place
        if times is not None and times[0] < times[1]:
            day = date(2027, 1, 1)
            lasts = datetime.combine(day, times[1]) - datetime.combine(day, times[0])
        else:
            found = [
                one
                for one in durations(text, german)
                if one.start > peak.end() - 1 and _LASTS.search(text[peak.end() : one.start])
            ]
            if len(found) == 1 and found[0].start - peak.end() < 40:
                lasts, place = found[0].duration, sentence.at(found[0].start, found[0].end)
        if lasts is not None:
            yield Peak(place=place, sentence=text, headings=headings_of(sentence), lasts=lasts)


def alert_levels(context: Context) -> Iterator[AlertLevel]:
    """The severity beside an alert's name: in its section, in a sentence, or in a table's column."""
    for sentence, _ in context.promising("prose", "item", "cell"):
        if sentence.where == "cell":
            if not sentence.header or not _SEVERITY_HEAD.match(header_cells(sentence)):
                continue
            level = _LEVEL.fullmatch(sentence.text.strip().strip("`"))
            names = alerts_in(" ".join(sentence.row), context.words)
            if level and len(names) == 1:
                yield _level(sentence, names[0], level[0], Confidence.CERTAIN, (0, len(sentence.text)))
            continue
        found = list(_SEVERITY.finditer(sentence.text)) or list(_IS_LEVEL.finditer(sentence.text))
        if len(found) != 1 or _NO.search(sentence.text[: found[0].start()]):
            continue
        names = alerts_in(sentence.text, context.words)
        alert = names[0] if len(names) == 1 else context.alert_above(sentence) if not names else ""
        if alert:
            yield _level(sentence, alert, found[0]["after"], Confidence.LIKELY, found[0].span("after"))


def _level(sentence: Sentence, alert: str, level: str, confidence: Confidence, where: tuple[int, int]) -> AlertLevel:
    level = level if re.match(r"[Pp]\d|SEV", level) else level.lower()
    return AlertLevel(
        place=sentence.at(*where),
        sentence=sentence.text if sentence.where != "cell" else " | ".join(sentence.row),
        headings=headings_of(sentence),
        confidence=confidence,
        alert=alert,
        level=_LEVELS.get(level, level.upper() if re.fullmatch(r"p\d", level) else level),
    )


def _is_latest(text: str, start: int, end: int) -> bool:
    """Whether a time is the longest it may take: `within ten minutes`, `spätestens 5 Minuten nach einem Alarm`."""
    latest = re.search(r"\b(?:spätestens|at the latest|no later than)\s+$", text[:start], re.IGNORECASE)
    after = re.match(r"\s+(?:nach (?:einem|dem|jedem)|after (?:an|the|every)) al(?:arm|ert)\b", text[end:], re.IGNORECASE)
    return bool(_WITHIN.search(text[:start]) or (latest and after))


def _clause(text: str, start: int, end: int) -> str:
    """The part of a sentence around a stretch, between `;`, `, and` and the like."""
    before = re.split(r";|, (?:and|und|but|aber|or|oder) ", text[:start])[-1]
    return before + text[start:end] + re.split(r";|, (?:and|und|but|aber|or|oder) ", text[end:])[0]
