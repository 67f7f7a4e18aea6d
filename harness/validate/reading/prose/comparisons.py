"""Words and signs that compare: `<`, `at most`, `über`, `darf nicht länger als ... dauern`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PHRASES: tuple[tuple[str, str, bool], ...] = (
    # (phrase, comparison, whether the phrase itself is a demand)
    (
        r"(?:must|may|shall|should|can|do(?:es)?|will) (?:not|never) (?:\w+ ){0,3}?(?:exceed|pass|rise (?:above|over)"
        r"|go (?:above|over|past)"
        r"|be (?:above|over|more than|longer than|slower than|higher than|greater than)|take (?:longer|more) than"
        r"|last longer than)",
        "<=",
        True,
    ),
    (
        r"(?:must|may|shall|should|can|do(?:es)?|will) (?:not|never) (?:\w+ ){0,3}?(?:fall below|drop below|drop under"
        r"|go below|be (?:below|under|less than))",
        ">=",
        True,
    ),
    (
        r"(?:darf|dürfen|soll|sollen|muss) (?:[\w-]+ ){0,6}?(?:nicht|nie|niemals) (?:über|oberhalb(?: von)?|mehr als"
        r"|länger als|höher als|größer als)",
        "<=",
        True,
    ),
    (r"(?:darf|dürfen|soll|sollen) (?:[\w-]+ ){0,6}?(?:nicht|nie|niemals) unter", ">=", True),
    (r"(?:darf|dürfen|soll|sollen) (?:[\w-]+ ){0,6}?(?:nicht|nie|niemals)", "<=", True),
    (r"(?:no|not) (?:more|longer|higher|greater|slower) than", "<=", True),
    (r"(?:no|not) (?:less|fewer|lower) than", ">=", True),
    (
        r"(?:nicht|nie|niemals) (?:mehr|länger|höher|größer|langsamer) als|nicht über|nie über"
        r"|never (?:above|over|more than)",
        "<=",
        True,
    ),
    (r"nicht (?:weniger|kleiner|niedriger) als|nicht unter|nie unter|never (?:below|under)", ">=", True),
    (r"at (?:the )?most|up to|a maximum of|maximum|maximal|max\.?|höchstens|bis zu|at maximum", "<=", True),
    (r"at least|a minimum of|minimum|mindestens|wenigstens|mind\.", ">=", True),
    (
        r"in (?:less than|under|weniger als|unter|höchstens|maximal)|(?:stays?|remains?|bleib(?:t|en)) (?:below|under"
        r"|unter)",
        "<",
        True,
    ),
    (r"<=|≤|=<", "<=", False),
    (r">=|≥|=>", ">=", False),
    (r"<", "<", False),
    (r">", ">", False),
    (r"within|innerhalb(?: von)?|binnen", "<=", True),
    (
        r"less than|fewer than|lower than|faster than|smaller than|below|under|weniger als|kleiner als|kleiner"
        r"|niedriger als|unterhalb(?: von)?"
        r"|unterschreite[nt]|unter|schneller als",
        "<",
        False,
    ),
    (
        r"more than|older than|greater than|longer than|higher than|larger than|slower than|exceed(?:s|ing)?|above|over"
        r"|beyond|past|mehr als|größer als"
        r"|größer|länger als|älter als|höher als|langsamer als|oberhalb(?: von)?|übersteig(?:t|en)|überschreite[nt]|über",
        ">",
        False,
    ),
    (r"ab|reaches|erreicht", ">=", False),
)
_ENDING = tuple(
    (
        re.compile(
            rf"(?:(?<=\W)|^)(?:{phrase})(?:\s+(?:the|a|an|of|von|den|die|das|Wert(?: von)?|value(?: of)?))*\s*$",
            re.IGNORECASE,
        ),
        op,
        demand,
    )
    for phrase, op, demand in _PHRASES
)
_AFTER = (
    (
        re.compile(r"\s*(?:or|and) (?:more|above|higher|longer)\b|\s*(?:oder|und) (?:mehr|länger|höher)\b", re.IGNORECASE),
        ">=",
    ),
    (re.compile(r"\s*(?:or|and) (?:less|below|lower|faster)\b|\s*(?:oder|und) weniger\b", re.IGNORECASE), "<="),
    (re.compile(r"\s*(?:\w+ ){0,2}?(?:überschreite[nt]|übersteig(?:t|en))\b", re.IGNORECASE), ">"),
    (re.compile(r"\s*(?:\w+ ){0,2}?(?:unterschreite[nt])\b", re.IGNORECASE), "<"),
)
_FORBIDDEN = re.compile(r"\b(?:nicht|nie|niemals|not|never)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a number is compared. `start`: where the words begin; `demand`: whether they say what has to hold."""

    operator: str
    start: int
    demand: bool = False


def before(text: str, at: int) -> Comparison | None:
    """The comparison whose words end right before `at`."""
    piece = text[max(at - 90, 0) : at]
    shift = at - len(piece)
    for pattern, operator, demand in _ENDING:
        found = pattern.search(piece)
        if found:
            return Comparison(operator, shift + found.start(), demand)
    return None


def around(text: str, start: int, end: int) -> Comparison | None:
    """The comparison of the number that stands from `start` to `end`, whose words may follow it."""
    for pattern, operator in _AFTER:
        found = pattern.match(text[end:])
        if found:
            if _FORBIDDEN.search(text[end : end + found.end()]):
                return Comparison("<=" if operator.startswith(">") else ">=", start, True)
            return Comparison(operator, start)
    return before(text, start)
