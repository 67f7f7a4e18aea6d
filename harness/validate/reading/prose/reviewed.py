"""When a page was last looked over: in its front matter or in a line of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from harness.validate.finding import Confidence
from harness.validate.promises import Reviewed
from harness.validate.reading.prose.context import Context, headings_of
from harness.validate.reading.prose.dates import one_date

_KEYS = (
    "last_reviewed",
    "last-reviewed",
    "reviewed",
    "lastReviewed",
    "last_review",
    "review_date",
    "zuletzt_geprueft",
    "zuletzt-geprüft",
    "geprüft",
)
_SAYS = re.compile(
    r"^\W*(?:(?:last(?:ly)? |this page was (?:last )?)?reviewed(?: on| at)?|last review(?: on)?|(?:zuletzt "
    r"|letztmals )(?:geprüft|überprüft|durchgesehen|gereviewt)(?: am)?"
    r"|letzte (?:prüfung|überprüfung|durchsicht)|geprüft am|last (?:verified|checked)(?: on)?)\W{0,4}(?P<rest>.*)$",
    re.IGNORECASE,
)


def reviews(context: Context) -> Iterator[Reviewed]:
    """The dates on which the page says it was reviewed."""
    front = context.page.front
    for key in _KEYS if front is not None else ():
        node = front.get(key) if front is not None else None
        on = one_date(node.text) if node is not None else None
        if node is not None and on is not None:
            yield Reviewed(place=node.place, sentence=node.text, confidence=Confidence.CERTAIN, on=on)
    for sentence in context.sentences:
        found = _SAYS.match(sentence.text)
        on = one_date(found["rest"]) if found else None
        if sentence.where == "cell" and on is None and sentence.column == 0 and len(sentence.row) > 1:
            on = one_date(sentence.row[1]) if _SAYS.match(sentence.text) else None
        if on is not None:
            yield Reviewed(
                place=sentence.place,
                sentence=sentence.text,
                headings=headings_of(sentence),
                confidence=Confidence.LIKELY,
                on=on,
            )


def newest(reviewed: list[Reviewed]) -> date | None:
    """The last of several reviews."""
    return max((one.on for one in reviewed), default=None)
