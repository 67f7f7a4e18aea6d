"""Durations, rates and shares as people write them, and back: `90s`, `5m`, `1h30m`, `250ms`; `80/s`; `2 %`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_WHOLE = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def parse_duration(text: str) -> timedelta:
    """`1h30m` -> timedelta. Raises ValueError with the sentence to show."""
    if not _WHOLE.fullmatch(text.strip()):
        raise ValueError(f"expected a duration such as 90s, 5m or 1h30m, got '{text}'")
    total = timedelta()
    for number, unit in _PART.findall(text):
        total += float(number) * _UNITS[unit]
    return total


def format_duration(duration: timedelta) -> str:
    """timedelta -> the shortest text that `parse_duration` reads back, to the millisecond."""
    milliseconds = round(duration.total_seconds() * 1000)
    if milliseconds == 0:
        return "0s"
    if abs(milliseconds) < 1000:
        return f"{milliseconds}ms"
    sign, milliseconds = ("-", -milliseconds) if milliseconds < 0 else ("", milliseconds)
    seconds, rest = divmod(milliseconds, 1000)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    text = (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes else "")
    if seconds or rest:
        text += f"{seconds + rest / 1000:g}s"
    return sign + text


def parse_share(text: str | float | int) -> float:
    """`2 %` or 0.02 -> 0.02. Raises ValueError outside 0..1, because 70 for 70 % is the usual slip."""
    if isinstance(text, str):
        match = _SHARE.fullmatch(text.strip())
        if not match:
            raise ValueError(f"expected a share such as '2 %' or 0.02, got '{text}'")
        return float(match.group(1)) / 100
    if not 0 <= text <= 1:
        raise ValueError(f"expected a share between 0 and 1 (or '{text:g} %'), got {text:g}")
    return float(text)


def _to_duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError(f"expected a duration such as 90s or 5m, got '{value}'")


Duration = Annotated[
    timedelta,
    BeforeValidator(_to_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|s|m|h|d))+$", "examples": ["90s", "5m", "1h30m"]}),
]
"""A pydantic field that reads `90s` and is a timedelta inside."""

Share = Annotated[
    float,
    BeforeValidator(parse_share),
    WithJsonSchema(
        {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": r"^\d+(\.\d+)?\s*%$"}]}
    ),
]
"""A pydantic field that reads `2 %` or 0.02 and is 0.02 inside."""
