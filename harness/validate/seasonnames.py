"""Names of seasons and territories, as runbooks, calendars and triggers spell them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from harness.validate.artefacts import Thing
from harness.validate.promises import Season
from harness.validate.windows import Window

_GENERIC = re.compile(
    r"season|saison|seasonal|peak|window|fenster|zeitfenster|prescale|pre|scale|scaling|cron|trigger|load|last|high|up|the|and|"
    r"der|die|das|und|for|fuer|von|from|bis|to|verkauf|geschaeft|business|sale|sales|days|tage|crm|zeit|time"
)
_SAME = (
    ("weihnacht", "christmas", "xmas", "noel", "advent"),
    ("ostern", "easter"),
    ("spargel", "asparagus"),
    ("sommer", "summer"),
    ("winter",),
    ("oktoberfest", "wiesn"),
    ("herbst", "autumn", "fall"),
    ("fruehling", "fruehjahr", "spring"),
    ("schulbeginn", "schulanfang", "backtoschool"),
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_TERRITORIES = {
    "de": "DE", "deutschland": "DE", "germany": "DE", "ch": "CH", "schweiz": "CH", "switzerland": "CH", "suisse": "CH",
    "at": "AT", "oesterreich": "AT", "austria": "AT", "bayern": "DE", "bavaria": "DE",
}  # fmt: skip


@cache
def code(territory: str) -> str:
    """DE for Germany, DE-BY, Deutschland; other names stay as they are."""
    plain = territory.casefold().translate(_UMLAUTS)
    return _TERRITORIES.get(plain, _TERRITORIES.get(plain.split("-")[0], territory))


def territory_of(thing: Thing) -> str:
    """The territory of an object by its label, else by a part of its name; '' where neither tells."""
    labels = thing.labels
    for name in ("territory", "country", "region", "market"):
        if labels.get(name):
            return code(labels[name])
    parts = re.split(r"[-_.]", thing.name.casefold())
    return next((part.upper() for part in reversed(parts) if part in ("de", "ch", "at")), "")


@cache
def key(name: str) -> tuple[str, ...]:
    """The words of a name that tell it apart, lower case and without umlauts."""
    plain = name.casefold().translate(_UMLAUTS)
    words = [
        word
        for word in re.findall(r"[a-z]{3,}", plain.replace("black friday", "blackfriday"))
        if not _GENERIC.fullmatch(word)
    ]
    return tuple(dict.fromkeys(_synonym(word) for word in words))


def window_words(window: Window) -> tuple[str, ...]:
    """The telling words of a window: its name's, else those of its comments and its object's name."""
    if window.name:
        return key(window.name)
    return tuple(word for text in (*(remark.text for remark in window.remarks), window.thing.name) for word in key(text))


def same_name(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two names share a telling word; words of six letters and more may differ in their ends."""
    return any(
        mine == theirs or (len(mine) > 5 and len(theirs) > 5 and mine[:6] == theirs[:6]) for mine in one for theirs in other
    )


def _synonym(word: str) -> str:
    return next((group[0] for group in _SAME for one in group if word.startswith(one)), word)


def season_name(season: Season) -> str:
    """Its name, or the heading it stands under."""
    return season.name or (season.headings[-1] if season.headings else "")
