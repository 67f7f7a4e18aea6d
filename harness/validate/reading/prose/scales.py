"""Pods that workloads are to have: `DE queries 2 to 6`, `2 -> 6 Pods`, tables of usual and season, deadlines, lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from harness.validate.artefacts import Sentence
from harness.validate.finding import Confidence
from harness.validate.promises import Scale, Season
from harness.validate.reading.prose.context import Context, header_cells, headings_of
from harness.validate.reading.prose.dates import ranges
from harness.validate.reading.prose.podcounts import (
    COLON,
    INSTEAD,
    OF,
    PODS,
    RUNNING,
    RUNS,
    STAYS,
    STEP,
    TO,
    is_of_pods,
    kind_in,
    named_in,
    number,
)
from harness.validate.reading.prose.quantities import durations
from harness.validate.reading.prose.seasons import season_in, season_of, seasons
from harness.validate.reading.prose.subjects import cells_of, component_in, territories_in

_STEPS_UP = re.compile(r"pre-?scal|vorskalier|hochskalier|\bscaled?\b|skaliert|\bfrom\b|\bvon\b", re.IGNORECASE)
_SCALING = re.compile(
    rf"\b{PODS}\b|pre-?scal|vorskalier|vor-skalier|hochskalier|skalier\w*|\bscaled?\b|scales\b|scaling", re.IGNORECASE
)
_HAND = re.compile(
    r"\b(?:by hand|manually|manuell|von hand|if|wenn|falls|kubectl|temporarily|vorübergehend|maximum|maximal\w*"
    r"|höchstens|max|minimum of|incident|störung|today|currently|heute|derzeit|momentan)\b",
    re.IGNORECASE,
)
_OUTSIDE = re.compile(
    r"außerhalb|\boutside|\boff[- ]season|\bsonst\b|\bansonsten\b|\botherwise\b|\belse\b|rest of the year"
    r"|restlichen jahr|übrigen? zeit",
    re.IGNORECASE,
)
"""What follows is about the time between seasons."""
_BACK = re.compile(
    r"\bback (?:at|to|down)\b|scale[sd]? (?:down|back|in)|herunterskalier\w*|runterskalier\w*|zurückskalier\w*"
    r"|zurück auf|abgebaut|takes? pods away",
    re.IGNORECASE,
)
_CAUSES = (
    (
        "window",
        re.compile(r"window|zeitfenster|fenster|opening|closing|öffn|schließ|season|saison|start of|beginn", re.IGNORECASE),
    ),
    ("load", re.compile(r"\bload\b|\blast\b|traffic|peak|spitze|anstieg|surge", re.IGNORECASE)),
    ("fault", re.compile(r"pod (?:dies|died|loss)|killed|ausfall|failure|absturz|crash", re.IGNORECASE)),
)
_WITHIN = re.compile(r"(?:within|innerhalb(?: von)?|binnen|in under|spätestens nach|no later than)\s+$", re.IGNORECASE)
_LEAD = re.compile(
    r"^\s*(?:before|vor|earlier|früher|ahead of|in advance|im voraus|vorher|prior to)\b(?! (?:das|it|they|scaling"
    r"|skalier))",
    re.IGNORECASE,
)
_USUAL_HEAD = re.compile(
    r"^(?:usual(?:ly)?|normal(?:betrieb)?|default|base(?:line)?|basis|standard|sonst|off[- ]season|nebensaison"
    r"|außerhalb|regulär|üblich|idle|min(?:imum)?)\b",
    re.IGNORECASE,
)
_WANTED_HEAD = re.compile(
    rf"^(?:in (?:der )?(?:season|saison)|season|saison|peak(?! ?load)|hochsaison|spitze(?!nlast)|soll|wanted|target"
    rf"|{PODS}\b.*|during|während)",
    re.IGNORECASE,
)
_USUAL_END = re.compile(
    r"\b(?:normal|usual|usually|sonst|default|standard|off[- ]season|außerhalb|üblich)\b", re.IGNORECASE
)
_WORKLOAD_HEAD = re.compile(
    r"^(?:workload|deployment|service|dienst|component|komponente|scaledobject|anwendung|app)\b", re.IGNORECASE
)


def scales(context: Context) -> Iterator[Scale]:
    """The numbers of pods, deadlines and leads of a page."""
    for sentence, german in context.promising("prose", "item"):
        heads = " ".join(one.text for one in sentence.headings[-2:])
        if (
            _SCALING.search(sentence.text)
            or _BACK.search(sentence.text)
            or re.search(r"pre-?scal|vorskalier|skalierung|scaling", heads, re.IGNORECASE)
        ):
            if not _HAND.search(sentence.text):
                yield from _steps(context, sentence)
            yield from _deadline(context, sentence, german)
    yield from _tables(context)


def _steps(context: Context, sentence: Sentence) -> Iterator[Scale]:
    text = sentence.text
    patterns = (STEP, TO, RUNS, INSTEAD, STAYS, COLON, OF)
    found = sorted(
        (match for pattern in patterns for match in _of_workloads(pattern.finditer(text), context)),
        key=lambda one: (one.start(), -one.end()),
    )
    end = 0
    season = season_of(sentence, context)
    for match in found:
        if match.start() < end:
            continue
        if _OUTSIDE.search(text[: match.start()]):
            end = match.end()
            continue
        since, end = end, match.end()
        own = re.split(r"[;:(]|, (?=[A-Z])", text[since : match.start()])[-1]
        until = match.start("wanted") if match.re is RUNS else match.start()
        named = _named(context, sentence, match.start() - len(own), match)
        if not is_of_pods(text, match.start(), match.end()):
            continue
        if len(named) > 1 or (match.re is COLON and not _is_run(own, match, bool(named))):
            end = since
            continue
        where = territories_in(own)
        written = own + text[match.start() : until]
        component = match.groupdict().get("workload") or (named[0] if named else component_in(written, context.words))
        component = component or _word_before(own) or kind_in(own)
        usual = match.groupdict().get("usual")
        wanted = number(match["wanted"])
        if match.re in (INSTEAD, RUNS) and not component:
            continue
        if match.re is STEP and not (component or where or _counts_pods(text, match)):
            continue
        down = _BACK.search(text) is not None or (usual is not None and wanted < number(usual))
        known = component in context.words.workloads or (bool(named) and component not in context.words.components)
        # `runs with 3 to 15 pods` may be the least and the most as well as a step.
        sure = bool(season or match.re is not STEP or _STEPS_UP.search(text) or re.search(r"->|→|⇒|auf", match[0]))
        yield Scale(
            place=sentence.at(match.start(), match.end()),
            sentence=text,
            headings=headings_of(sentence),
            confidence=Confidence.LIKELY if (component or where) and len(where) < 2 and sure else Confidence.GUESS,
            season=season,
            workload=component if known else "",
            component="" if known else component,
            territory=where[0] if len(where) == 1 else "",
            usual=number(usual) if usual is not None else wanted if match.re is STAYS else None,
            wanted=wanted,
            down=down,
        )


def _is_run(own: str, match: re.Match[str], named: bool) -> bool:
    """Whether `: 6 pods` stands right behind a name, `with 6 pods` behind one that runs, `there are 6 pods` beside one."""
    if match[0][0] == ":":
        return named and len(re.findall(r"[\w-]+", own)) == 1
    return named and (RUNNING.search(own) is not None or match[0].lower()[:4] not in ("with", "mit "))


def _named(context: Context, sentence: Sentence, since: int, match: re.Match[str]) -> tuple[str, ...]:
    """The names in code that a number of pods is for; what is a workload's name goes before any other."""
    named = named_in(sentence, since, (match.start("wanted"), match.end()))
    known = tuple(name for name in named if name in context.words.workloads)
    return known or tuple(name for name in named if name not in context.words.seasons)


def _deadline(context: Context, sentence: Sentence, german: bool) -> Iterator[Scale]:
    """`Within 10 minutes of the opening every workload has its pods`; `30 minutes before the peak the pods are there`."""
    if not (_SCALING.search(sentence.text) or _BACK.search(sentence.text)):
        return
    text = sentence.text
    for amount in durations(text, german):
        within = _WITHIN.search(text[: amount.start])
        lead = _LEAD.match(text[amount.end :])
        if not (within or lead) or re.search(
            r"stabili[sz]|answer|respon|beantwort|alert|alarm|latency|p9\d", text, re.IGNORECASE
        ):
            continue
        where = territories_in(text)
        component = component_in(re.split(_WITHIN, text)[-1], context.words) if context.words.components else ""
        rest = text[amount.end :]
        cause = next((name for name, pattern in _CAUSES if pattern.search(rest[:60])), "")
        yield Scale(
            place=sentence.at(amount.start, amount.end),
            sentence=text,
            headings=headings_of(sentence),
            confidence=Confidence.LIKELY if cause or lead else Confidence.GUESS,
            season=season_of(sentence, context),
            workload=component if component in context.words.workloads else "",
            component="" if component in context.words.workloads else component,
            territory=where[0] if len(where) == 1 else "",
            within=amount.duration if within else None,
            lead=amount.duration if lead and not within else None,
            cause=cause,
            down=_BACK.search(text) is not None,
        )


def _tables(context: Context) -> Iterator[Scale]:
    for sentence, _ in context.promising("cell"):
        head = header_cells(sentence)
        if (
            not sentence.header
            or not sentence.column
            or not re.fullmatch(r"\d{1,3}(?: pods?| replicas?)?", sentence.text.strip(), re.IGNORECASE)
        ):
            continue
        if _is_usual(head):
            continue
        named = season_in(head, context) or _defined(head, context)
        if not (named or _WANTED_HEAD.match(head) or ranges(head)) or not _about_pods(sentence):
            continue
        workload = _column(sentence, _WORKLOAD_HEAD) or _first(sentence)
        usual = [
            int(cell)
            for at, cell in enumerate(sentence.row)
            if at < len(sentence.header) and _is_usual(sentence.header[at]) and cell.isdecimal()
        ]
        where = territories_in(" ".join(cells_of(sentence)))
        word = workload.strip().strip("`")
        known = word in context.words.workloads or "-" in word
        wanted = int(re.match(r"\d+", sentence.text.strip())[0])  # type: ignore[index]
        if not known:
            word = component_in(word, context.words) or (word.lower() if re.fullmatch(r"[A-Za-z][\w-]+", word) else "")
        season = named or season_in(" ".join(sentence.row), context) or season_of(sentence, context)
        yield Scale(
            place=sentence.at(0, len(sentence.text)),
            sentence=" | ".join(sentence.row),
            headings=headings_of(sentence),
            confidence=Confidence.CERTAIN if season and word else Confidence.LIKELY if word else Confidence.GUESS,
            season=season,
            workload=word if known else "",
            component="" if known else word,
            territory=where[0] if len(where) == 1 else "",
            usual=usual[0] if len(usual) == 1 else None,
            wanted=wanted,
        )


def _defined(head: str, context: Context) -> str:
    """The season of the page's own that a column is headed by: by its name (`Pods in der Ablesezeit`) or by its days."""
    days = [((one.first.month, one.first.day), (one.last.month, one.last.day)) for one in ranges(head)]
    if not days and re.search(PODS, head, re.IGNORECASE) is None:
        return ""
    named = {
        one.name
        for one in _seasons(context)
        if one.name and ((one.first, one.last) in days or (not days and re.search(rf"\b{re.escape(one.name)}\b", head)))
    }
    return named.pop() if len(named) == 1 else ""


@lru_cache(maxsize=2)
def _seasons(context: Context) -> tuple[Season, ...]:
    """The seasons that the page defines, read once for all its tables."""
    return tuple(seasons(context))


def _first(sentence: Sentence) -> str:
    """The first cell of a row, unless it names a territory or the days."""
    cell = sentence.row[0]
    return "" if territories_in(cell) or ranges(cell) else cell


def _is_usual(head: str) -> bool:
    """Whether a column holds the numbers outside the season."""
    return bool(_USUAL_HEAD.match(head) or _USUAL_END.search(head))


def _of_workloads(found: Iterator[re.Match[str]], context: Context) -> Iterator[re.Match[str]]:
    """Those whose word behind the pods, if there is one, is the name of a workload."""
    return (one for one in found if one.groupdict().get("workload", "") in ("", *context.words.workloads))


def _about_pods(sentence: Sentence) -> bool:
    """Whether a table counts pods: its header or heading says so, or it sets a usual number beside one in season."""
    around = " ".join((*sentence.header, *(one.text for one in sentence.headings[-1:])))
    return bool(_SCALING.search(around)) or (
        any(_USUAL_HEAD.match(one) for one in sentence.header) and any(_WORKLOAD_HEAD.match(one) for one in sentence.header)
    )


def _column(sentence: Sentence, pattern: re.Pattern[str]) -> str:
    return next((cell for head, cell in zip(sentence.header, sentence.row, strict=False) if pattern.match(head)), "")


def _counts_pods(text: str, match: re.Match[str]) -> bool:
    """Whether the numbers are beside the word: `2 -> 6 Pods`, `Pods von 2 auf 6`."""
    return re.search(rf"{PODS}\b(?:\W+\w+){{0,2}}\W+$", text[: match.start()] + " ", re.IGNORECASE) is not None or bool(
        re.search(PODS, match[0], re.IGNORECASE)
    )


def _word_before(text: str) -> str:
    """`DE queries ` -> `queries`: the noun right before the numbers."""
    found = re.search(
        r"(?:\b[A-Z]{2} )(?P<word>[A-Za-z][\w-]{2,})(?: (?:are|is|werden|wird)(?: \w+)?)?\s*(?:from |von )?$", text
    )
    return found["word"].lower() if found else ""
