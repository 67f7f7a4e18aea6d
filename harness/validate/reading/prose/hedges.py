"""What is said without promising anything: history, examples, estimates, questions, wishes, and what no longer holds."""

from __future__ import annotations

import re
from functools import lru_cache

_GERMAN = re.compile(
    r"\b(?:der|die|das|den|dem|des|und|ist|sind|nicht|wenn|bei|für|mit|auf|wird|werden|ein|eine|einer|von|vom|zu|zur|zum"
    r"|im|über|unter|nach|bis|oder|auch|soll|muss|innerhalb|höchstens|mindestens|pro|je|alle|aller|ab|länger|mehr|als)\b",
    re.IGNORECASE,
)
_ENGLISH = re.compile(
    r"\b(?:the|and|is|are|not|if|when|for|with|on|will|of|to|at|over|under|after|or|also|must|within|most|least|per|all"
    r"|from|more|than|has|have|below|above|should|be|by|that|this|it)\b",
    re.IGNORECASE,
)
_BOTH = (
    r"e\.\s?g\.|z\.\s?B\.|\d{4} (?:war|was)|\?\s*$|\bTODO\b|\bTBD\b|\bFIXME\b|≈|~\s?\d"
    r"|\b(?:until|till|before|bis|vor|in|im Jahr|im|Sommer|Winter|summer|winter|since|seit|Q[1-4]) (?:Ende |Anfang "
    r"|end of )?20\d\d\b(?!-)"
)
_ENGLISH_HEDGES = (
    r"\b(?:was|were|had been|used to|formerly|previously|once had|no longer|not any ?more|anymore|originally|last year"
    r"|last season|in the past|historically|back then|old limit|old threshold|for (?:example|instance)|examples?|such as"
    r"|let's say|suppose|imagine|assum(?:e|ing)|usually|typically|normally|generally|often|sometimes|mostly|roughly"
    r"|about (?=\d|an? |one|two|half|~)"
    r"|around (?=\d|an? |~)|approximately|approx|circa|might|could|would|(?-i:may)|perhaps|maybe|planned|proposed"
    r"|proposal|in (?:the )?future"
    r"|someday|later we|we plan|consider|discuss\w*|does not apply|do not apply|nothing is promised|no promise|no sla"
    r"|no slo|(?:raised|lowered|increased|reduced|changed|moved) (?:it )?from|instead of|rather than|unlike|competitors?"
    r"|took|measured|observed|benchmark(?:s|ed)?|reached (?=\d|an? \d|over|above)|peaked at|on average|we saw|we had"
    r"|again|deprecated|obsolete"
    r")\b"
)
_GERMAN_HEDGES = (
    r"\b(?:war|waren|wurde|wurden|lagen|galt|galten|hatte|hatten|früher\w*|bisher\w*|ehemals|ehemalige\w*|damals|einst"
    r"|vormals"
    r"|nicht mehr|nicht länger gültig|letztes Jahr|im Vorjahr|Vorjahr\w*|alte[rn]? (?:Grenzwert|Schwellwert|Schwelle)"
    r"|zum Beispiel|beispielsweise|Beispiel\w*|angenommen|nehmen wir an|üblicherweise|normalerweise|in der Regel"
    r"|meist(?:ens)?"
    r"|oft|häufig|manchmal|typischerweise|rund|etwa|circa|ca\.|ungefähr|geschätzt|könnte\w*|würde\w*|wäre\w*|eventuell"
    r"|vielleicht|geplant\w*|künftig\w*|zukünftig\w*|irgendwann|vorgeschlagen|Vorschlag|diskutier\w*|gilt nicht"
    r"|gelten nicht"
    r"|statt|anstatt|anders als|veraltet\w*|gemessen|Messung\w*|Benchmark\w*|im Schnitt|durchschnittlich|wieder"
    r"|(?:erhöht|gesenkt|angehoben|geändert) von|dauerte\w*|betrug\w*|erreichte\w*)(?=\W|$)"
)
_INSTEAD = re.compile(
    r"\b(?:statt|anstatt|instead of|rather than) (?:\d{1,3}(?![\w%:/]|[.,]\d| ?(?:%|ms|s|min|h|[Pp]ro[cz]ent|percent)\b| %)"
    r"|(?:one|two|three|four|five|six|einem|einer|zwei|drei|vier|fünf|sechs)(?= (?:pods?|replicas?)\b|[.,;]|$))",
    re.IGNORECASE,
)
"""`6 pods instead of 2`: the number that holds else, and no history."""
_PODS = re.compile(r"\b(?:pods?|replicas?|replikas?|instanzen|instances)\b", re.IGNORECASE)
_HEDGES_EN = re.compile(f"{_BOTH}|{_ENGLISH_HEDGES}", re.IGNORECASE)
_HEDGES_DE = re.compile(f"{_BOTH}|{_GERMAN_HEDGES}", re.IGNORECASE)
_HISTORY = re.compile(
    r"change-?log|history|historie|änderung|changes\b|release notes|incidents?\b|vorfälle|störungen 20|post-?mortem"
    r"|retrospe"
    r"|lessons learned|archiv|veraltet|deprecated|example|beispiel|glossar|appendix|anhang|open questions|offene fragen"
    r"|faq\b"
    r"|ideas|ideen|background|hintergrund|\b20[012]\d\b(?!-)|roadmap|ausblick|references|literatur|measured|messung"
    r"|benchmark",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def is_german(text: str) -> bool | None:
    """The language of a text by its little words: True for German, False for English, None where it does not show."""
    german, english = len(_GERMAN.findall(text)), len(_ENGLISH.findall(text))
    if re.search(r"[äöüß]", text):
        german += 1
    return None if german == english else german > english


@lru_cache(maxsize=4096)
def is_hedged(text: str, german: bool) -> bool:
    """Whether a sentence is about what was, may be, or is only an example, so that its numbers promise nothing."""
    plain = _INSTEAD.sub("", text) if _PODS.search(text) else text
    return (_HEDGES_DE if german else _HEDGES_EN).search(plain) is not None


@lru_cache(maxsize=4096)
def is_aside(heading: str) -> bool:
    """Whether a heading says that what is below it is history, an example, or background."""
    return _HISTORY.search(heading) is not None
