"""Whether a text is so deep that PostgreSQL's parser, which recurses in C, could end our process instead of refusing it."""

from __future__ import annotations

import re

MOST_LINKS = 3_000
"""So many operators or set operations in one chain; the parser's stack ends somewhere above 10,000."""
_SHORT = 2 * MOST_LINKS
_LINK = re.compile(r"[-+*/%<>=|&#~!^@]+|::|\b(?:UNION|EXCEPT|INTERSECT|JOIN|NOT|COLLATE)\b|[.\[]", re.I)
_SET = re.compile(r"\b(?:UNION|EXCEPT|INTERSECT|JOIN)\b", re.I)
_STRING = re.compile(r"'[^']*'|--[^\n]*")


def too_deep(text: str) -> bool:
    """Whether a chain of operators without a comma between, or of UNION or JOIN in a statement, is too long."""
    if len(text) < _SHORT:
        return False
    for piece in re.split("[,;]", text):
        if len(piece) > _SHORT and len(_LINK.findall(_STRING.sub("''", piece))) > MOST_LINKS:
            return True
    return any(len(piece) > _SHORT and len(_SET.findall(piece)) > MOST_LINKS for piece in text.split(";"))
