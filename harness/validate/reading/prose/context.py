"""What every reader of prose gets: the page, its language, the names that other files know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from harness.validate.artefacts import Code, Heading, MarkdownPage, Sentence
from harness.validate.reading.prose.hedges import is_aside, is_german, is_hedged
from harness.validate.reading.prose.subjects import ALERT, ALERT_LIKE, Vocabulary

MOST_CHARACTERS = 1_500


@dataclass(frozen=True, eq=False)
class Context:
    """A page about to be understood."""

    page: MarkdownPage
    words: Vocabulary

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The page's sentences, but for what is too long to be one: a data dump costs time and promises nothing."""
        return tuple(one for one in self.page.sentences if len(one.text) <= MOST_CHARACTERS)

    @cached_property
    def codes(self) -> tuple[Code, ...]:
        """The page's inline code of a sensible length."""
        return tuple(one for one in self.page.codes if len(one.sentence) <= MOST_CHARACTERS)

    @cached_property
    def german(self) -> bool:
        """The language of most of the page."""
        return bool(is_german(" ".join(one.text for one in self.sentences[:400])))

    def is_german(self, sentence: Sentence) -> bool:
        """The language of a sentence: its own where that shows, else its page's."""
        own = is_german(sentence.text) if sentence.where != "cell" else None
        return self.german if own is None else own

    @cached_property
    def _all(self) -> list[tuple[Sentence, bool]]:
        found = []
        for sentence in self.sentences:
            if not any(is_aside(one.text) for one in sentence.headings):
                german = self.is_german(sentence)
                if not is_hedged(sentence.text, german):
                    found.append((sentence, german))
        return found

    def promising(self, *where: str) -> Iterator[tuple[Sentence, bool]]:
        """Sentences that may promise something, with their language: no asides, no hedges."""
        return ((sentence, german) for sentence, german in self._all if sentence.where in where)

    def alert_above(self, sentence: Sentence) -> str:
        """The alert whose section a sentence stands in; '' where the nearest heading is no alert's."""
        return next((name for heading in reversed(sentence.headings) if (name := self.alert_of(heading))), "")

    def alert_of(self, heading: Heading) -> str:
        """The alert that a heading is about, or ''."""
        found = ALERT.findall(heading.text)
        if len(found) == 1 and (found[0] in self.words.alerts or ALERT_LIKE.search(found[0])):
            rest = heading.text.replace(found[0], "").strip(" :#()`").lower()
            if rest in ("", "alert", "alarm", "alertname") or len(rest.split()) <= 4:
                return str(found[0])
        return ""


def headings_of(sentence: Sentence) -> tuple[str, ...]:
    """The texts of the headings above."""
    return tuple(one.text for one in sentence.headings)


def header_cells(sentence: Sentence) -> str:
    """The header of a cell's column, or ''."""
    return sentence.header[sentence.column] if sentence.column < len(sentence.header) else ""
