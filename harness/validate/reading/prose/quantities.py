"""Numbers with units as people write them, in German and English: `0,5 s`, `1.500 ms`, `70 %`, `zwei Minuten`, `8 GiB`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from harness.validate.promises import Quantity

_TIME: dict[str, float] = {}
for _names, _seconds in (
    ("ms msec msecs millisecond milliseconds millisekunde millisekunden", 0.001),
    ("s sec secs sek second seconds sekunde sekunden", 1),
    ("min mins minute minutes minuten m", 60),
    ("h hr hrs hour hours std stunde stunden", 3600),
    ("d day days tag tage tagen", 86_400),
    ("week weeks woche wochen", 604_800),
):
    _TIME.update(dict.fromkeys(_names.split(), _seconds))
_UNITS: dict[str, tuple[str, float]] = {name: ("s", factor) for name, factor in _TIME.items()}
_UNITS.update(dict.fromkeys(("%", "percent", "per cent", "prozent", "pct"), ("ratio", 0.01)))
_UNITS.update({"b": ("bytes", 1), "byte": ("bytes", 1), "bytes": ("bytes", 1)})
for _power, _prefix in enumerate("kmgt", 1):
    _UNITS[f"{_prefix}b"] = ("bytes", 1000.0**_power)
    _UNITS[f"{_prefix}ib"] = ("bytes", 1024.0**_power)
for _name in (
    "req/s",
    "requests/s",
    "rps",
    "qps",
    "anfragen/s",
    "1/s",
    "/s",
    "requests per second",
    "anfragen pro sekunde",
):
    _UNITS[_name] = ("1/s", 1)
for _name in ("req/min", "requests/min", "requests per minute", "anfragen pro minute", "anfragen/min"):
    _UNITS[_name] = ("1/s", 1 / 60)

_WORDS = {
    **dict.fromkeys(("a", "an", "one", "ein", "eine", "einer", "einem", "einen", "eines"), 1),
    **{
        word: n
        for n, word in enumerate(
            ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], 2
        )
    },
    **{
        word: n
        for n, word in enumerate(
            ["zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"], 2
        )
    },
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "sixty": 60,
    "fünfzehn": 15,
    "zwanzig": 20,
    "dreißig": 30,
    "sechzig": 60,
}
_UNIT = "|".join(sorted((re.escape(name) for name in _UNITS), key=len, reverse=True))
_LONG_TIME = "|".join(sorted((name for name in _TIME if len(name) > 2 or name == "h"), key=len, reverse=True))
_NUMBER = r"(?<![\w.,:/+-])(?P<number>\d(?:[\d.,'’]*\d)?)"
_AMOUNT = re.compile(
    rf"{_NUMBER}(?:[  ]?(?P<unit>{_UNIT})(?![\w/])|(?![\w:%]|[.,]\d))"
    rf"|(?<!\w)(?P<word>{'|'.join(_WORDS)})\s+(?P<word_unit>{_LONG_TIME})(?!\w)"
    r"|(?<!\w)(?P<half>half an hour|(?:eine\w* )?halbe[nr]? Stunde)(?!\w)",
    re.IGNORECASE,
)
_COMPOUND = re.compile(r"(?<![\w.,:/-])(?P<all>(?:\d+(?:h|ms|m|s)){2,}|\d+ ?h \d+ ?min)(?!\w)")
_RANGE_BEFORE = re.compile(r"\d\s*(?:-|–|—|to|bis|and|und)\s*$")
_RANGE_AFTER = re.compile(r"\s*(?:-|–|—|to|bis)\s*\d")
MONTH = (
    r"(?:jan(?:uary|uar)?|jän(?:ner)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|mär|mrz|apr(?:il)?|may|mai|june?|juni|july?|juli"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|okt(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)"
)
_DATE_AFTER = re.compile(rf"\.?\s*(?:{MONTH})\b|\.\d", re.IGNORECASE)
_DATE_BEFORE = re.compile(rf"\b{MONTH}\.?\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity in a text, from `start` to `end`; `ranged` where it is one end of `100 to 200 ms`."""

    start: int
    end: int
    quantity: Quantity
    ranged: bool = False

    @property
    def duration(self) -> timedelta:
        """As a stretch of time. Only where the unit is `s`."""
        return timedelta(seconds=self.quantity.value)


def amounts(text: str, german: bool) -> list[Amount]:
    """All quantities of a text in order. Dates, times of day, versions and names with digits are none."""
    found: list[Amount] = []
    compounds = [(one.start(), one.end(), _compound(one["all"])) for one in _COMPOUND.finditer(text)]
    for start, end, seconds in compounds:
        found.append(Amount(start, end, Quantity(seconds, "s", text[start:end])))
    for match in _AMOUNT.finditer(text):
        start, end = match.span()
        if any(first < end and start < last for first, last, _ in compounds):
            continue
        quantity = _quantity(match, german)
        if quantity is None:
            continue
        bare = quantity.unit == "count"
        if bare and (_DATE_AFTER.match(text[end:]) or _DATE_BEFORE.search(text[:start])):
            continue
        ranged = bool(_RANGE_BEFORE.search(text[:start]) or _RANGE_AFTER.match(text[end:]))
        found.append(Amount(start, end, quantity, ranged))
    return sorted(found, key=lambda one: one.start)


def durations(text: str, german: bool) -> list[Amount]:
    """The stretches of time among the quantities, but for ranges."""
    return [one for one in amounts(text, german) if one.quantity.unit == "s" and not one.ranged]


def parse_number(text: str, german: bool) -> float | None:
    """`1.500` is 1500 in German and 1.5 in English, `0,5` is a half in both; None where it is no number."""
    digits = text.replace("'", "").replace("’", "")
    if "." in digits and "," in digits:
        decimal = max(digits.rfind("."), digits.rfind(","))
        digits = re.sub(r"[.,]", "", digits[:decimal]) + "." + digits[decimal + 1 :]
    elif re.fullmatch(r"[1-9]\d{0,2}(?:\.\d{3})+", digits):
        digits = digits.replace(".", "") if german or digits.count(".") > 1 else digits
    elif re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+", digits):
        digits = digits.replace(",", "." if german and digits.count(",") == 1 else "")
    else:
        digits = digits.replace(",", ".")
    try:
        return float(digits)
    except ValueError:
        return None


def _quantity(match: re.Match[str], german: bool) -> Quantity | None:
    written = match[0]
    if match["half"]:
        return Quantity(1800, "s", written)
    if match["word"]:
        return Quantity(_WORDS[match["word"].lower()] * _TIME[match["word_unit"].lower()], "s", written)
    number = parse_number(match["number"], german)
    if number is None:
        return None
    unit = match["unit"]
    if unit is None:
        return Quantity(number, "count", written)
    # `5m` and `5 m` may both be metres, but only the first is ever written for minutes; `M`, `S` and `mS` are neither.
    short, spaced = len(unit) < 3 and unit.isalpha(), written[-2:-1].isspace()
    if (short and unit not in ("B", *_TIME) and unit.lower() in _TIME) or (spaced and unit in ("m", "d", "b")):
        return None
    name, factor = _UNITS[unit.lower()]
    return Quantity(round(number * factor, 12), name, written)


def _compound(text: str) -> float:
    parts = re.findall(r"(\d+) ?(h|ms|min|m|s)", text)
    return sum(int(number) * _TIME[unit] for number, unit in parts)
