"""Numbers of pods in a sentence, and the workload they are for: ``laufen von `shop` 6 Pods statt 2``."""

from __future__ import annotations

import re

from harness.validate.artefacts import Sentence

PODS = r"(?:pods?|replicas?|replikas?|replika|instanzen|instances|repliken)"
_WORDS = {
    word: number
    for number, words in enumerate(
        (
            "two zwei", "three drei", "four vier", "five fünf", "six sechs", "seven sieben", "eight acht", "nine neun",
            "ten zehn", "eleven elf", "twelve zwölf",
        ),
        2,
    )
    for word in words.split()
}  # fmt: skip
_WORDS.update({"one": 1, "einem": 1, "einer": 1, "fifteen": 15, "fünfzehn": 15, "twenty": 20, "zwanzig": 20})
_NUMBER = rf"(?:\d{{1,3}}|{'|'.join(_WORDS)})"
_INSTEAD = rf"(?:statt|anstatt|instead of|rather than) (?P<usual>{_NUMBER})(?![\w%:/]|[.,]\d)"
_VERB = (
    r"(?:\bto|\bauf|\bat least|\bmindestens|\bhas|\bhave|\bhat|\bhaben|\bneeds|\bruns?(?: with| at| on)?"
    r"|\bläuft mit|\blaufen mit|\bbraucht|\bgets|\bbekommt|\bkeeps?)"
)
TO = re.compile(
    rf"{_VERB}\s+(?:at least |mindestens )?(?P<wanted>{_NUMBER})\s+(?:ready |bereite )?{PODS}\b(?:\s+{_INSTEAD})?",
    re.IGNORECASE,
)
"""`runs 6 pods instead of 2`."""
RUNS = re.compile(
    r"\b(?:(?:läuft|laufen|stehen|arbeiten) (?:von|für)|hat|haben|bekommt|braucht) (?:[\w.-]+ ){1,3}?"
    rf"(?P<wanted>{_NUMBER}) {PODS}\b(?:\s+{_INSTEAD})?",
    re.IGNORECASE,
)
"""`laufen von shop 6 Pods`."""
INSTEAD = re.compile(rf"(?<![\w.:/-])(?P<wanted>{_NUMBER})\s+{_INSTEAD}", re.IGNORECASE)
"""`and delivery runs 3 instead of 1`, where another part of the sentence says of what."""
COLON = re.compile(
    rf"(?::|(?:(?<=\s)|^)(?:with|mit|there are|gibt es|stehen|laufen))\s+(?P<wanted>{_NUMBER}) {PODS}\b(?:\s+{_INSTEAD})?",
    re.IGNORECASE,
)
"""``- `shop`: 6 pods`` and ``we run `shop` with 6 pods``, and ``for `shop` there are 6 pods``, only beside a name."""
RUNNING = re.compile(r"\b(?:runs?|running|läuft|laufen|fahren|betreiben)\b", re.IGNORECASE)
OF = re.compile(
    rf"(?<![\w.:/-])(?P<wanted>{_NUMBER}) {PODS}\s+(?:of |for |von |der |des |für )?(?P<workload>[a-z][\w.-]*[\w])",
    re.IGNORECASE,
)
"""`10 pods of checkout`, `4 Pods buchung-worker`; only where the word is a workload's name."""
STEP = re.compile(
    rf"(?:(?:from|von) )?(?<![\w.:/-])(?P<usual>\d{{1,3}})(?: {PODS})?\s*(?:to|bis|auf|->|→|=>"
    rf"|⇒)\s*(?P<wanted>\d{{1,3}})(?![\w%:/]|[.,]\d| ?(?:%|ms|s|min|Uhr|Minuten?|minutes?|h|times|mal|attempts|Versuche"
    rf"|days|Tage|weeks|Wochen|hours|Stunden|seconds|Sekunden)\b)"
    rf"(?: {PODS})?",
    re.IGNORECASE,
)
"""`2 to 6`, `von 2 auf 6 Pods`."""
STAYS = re.compile(r"(?:stays? at|bleib(?:t|en) bei|remains? at)\s+(?P<wanted>\d{1,3})(?![\w%]|[.,]\d)", re.IGNORECASE)
_NAME = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?")
_AFTER = re.compile(r"\s*(?:(?:of|for|von|der|des|für)\s+)?(?:the\s+)?$")
_KIND = re.compile(
    r"\b(?P<word>[A-Za-z][\w-]+) (?:deployment|workload|service|statefulset)\b"
    r"|\b(?:deployment|workload|service|dienst|statefulset) (?P<after>[a-z][\w-]*\w)\b"
)
_NO_NAMES = frozenset(
    (
        *("the", "a", "an", "this", "that", "each", "every", "our", "any", "all", "one", "which", "same", "whole"),
        *("der", "die", "das", "ein", "jeder", "jedes", "is", "has"),
        *("kubectl", "helm", "keda", "cron", "default", "prod", "production", "scaling"),
    )
)


_OTHERS = re.compile(
    r"\b(?:topic|table|tabelle|index|chart|shard|partition|bucket|stream|collection|volume|pod)\s+\S+\s+$", re.IGNORECASE
)
_EACH = re.compile(
    r"\s*(?:(?:per|pro|je|by default|standardmäßig)\b|(?:of|von)\s+(?:its|their|the|nginx|seine[mnr]?|ihre[mnr]?)\b)",
    re.IGNORECASE,
)


def is_of_pods(text: str, start: int, end: int) -> bool:
    """Whether a number from `start` to `end` counts a workload's pods: no replicas of a topic, or per zone."""
    return _OTHERS.search(text[:start]) is None and _EACH.match(text[end:]) is None


def number(written: str) -> int:
    """`6`, `six` and `sechs` are 6."""
    return int(written) if written.isdecimal() else _WORDS[written.lower()]


def named_in(sentence: Sentence, start: int, count: tuple[int, int]) -> tuple[str, ...]:
    """The names in code that the number of pods at `count` is for: before it from `start` on, or else right behind it."""
    spans = [span for span in sentence.codes if _is_name(sentence.text[slice(*span)])]
    before = [sentence.text[one:two] for one, two in spans if start <= one and two <= count[0]]
    behind = [
        sentence.text[one:two] for one, two in spans if count[1] <= one and _AFTER.fullmatch(sentence.text[count[1] : one])
    ]
    return tuple(dict.fromkeys(behind or before))


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and text not in _NO_NAMES and re.fullmatch(PODS, text) is None


def kind_in(text: str) -> str:
    """`the shop deployment` -> `shop`; '' where the word is no name."""
    found = _KIND.search(text)
    word = (found["word"] or found["after"] or "").lower() if found else ""
    return "" if word in _NO_NAMES else word
