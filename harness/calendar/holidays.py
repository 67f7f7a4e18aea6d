"""Public holidays of Germany by state, Switzerland by canton, and Austria (library `holidays`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from types import MappingProxyType

import holidays

from harness.errors import BadInput

_NAMES = {
    "bayern": "DE-BY", "bavaria": "DE-BY", "baden-württemberg": "DE-BW", "berlin": "DE-BE", "brandenburg": "DE-BB",
    "bremen": "DE-HB", "hamburg": "DE-HH", "hessen": "DE-HE", "hesse": "DE-HE", "mecklenburg-vorpommern": "DE-MV",
    "niedersachsen": "DE-NI", "lower saxony": "DE-NI", "nordrhein-westfalen": "DE-NW", "nrw": "DE-NW",
    "north rhine-westphalia": "DE-NW", "rheinland-pfalz": "DE-RP", "saarland": "DE-SL",
    "sachsen": "DE-SN", "saxony": "DE-SN",
    "sachsen-anhalt": "DE-ST", "saxony-anhalt": "DE-ST", "schleswig-holstein": "DE-SH", "thüringen": "DE-TH",
    "thuringia": "DE-TH", "kanton zürich": "CH-ZH", "canton of zurich": "CH-ZH", "kanton bern": "CH-BE", "tessin": "CH-TI",
    "ticino": "CH-TI", "kanton genf": "CH-GE", "canton of geneva": "CH-GE", "basel-stadt": "CH-BS", "aargau": "CH-AG",
    "st. gallen": "CH-SG", "kanton luzern": "CH-LU", "wallis": "CH-VS", "waadt": "CH-VD", "graubünden": "CH-GR",
}  # fmt: skip
_REGION = re.compile(r"\b(?:DE|CH|AT)-(?:[A-Z]{2}|[1-9])\b")
_COUNTRY_ZONES = {"DE": "Europe/Berlin", "CH": "Europe/Zurich", "AT": "Europe/Vienna"}


@cache
def public_holidays(region: str, year: int) -> Mapping[date, str]:
    """The public holidays of a year in a region such as DE-BY, CH-ZH or AT. Raises BadInput where there is no such."""
    country, _, part = region.partition("-")
    try:
        found = holidays.country_holidays(country, subdiv=part or None, years=[year])
    except NotImplementedError:
        raise BadInput(f"'{region}' is no region whose holidays are known; write one such as DE-BY, CH-ZH or AT.") from None
    return MappingProxyType(dict(found.items()))


@lru_cache(maxsize=1024)
def regions_named(text: str) -> tuple[str, ...]:
    """The regions that a text names, as codes or as words: `DE-BY`, Bayern, Kanton Zürich."""
    words = text.casefold()
    named = [code for name, code in _NAMES.items() if re.search(rf"\b{re.escape(name)}\b(?!-)", words)]
    return tuple(dict.fromkeys(_REGION.findall(text) + named))


def zone_of(territory: str) -> str:
    """The time zone of a territory by its code, '' where it is not known."""
    return _COUNTRY_ZONES.get(territory[:2].upper(), "")
