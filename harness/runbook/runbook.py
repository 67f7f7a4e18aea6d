"""A runbook: the promises of a page, read and checked against the schema of their kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.errors import BadInput, Position, Problem
from harness.expectations.base import Expectation
from harness.plan.model import Source
from harness.runbook.page import Block, Page, read_page
from harness.source import Located, parse_yaml, problems_of, read_text

Kinds = Mapping[str, type[Expectation]]


@dataclass(frozen=True, slots=True)
class Promise:
    """An expectation and where it stands."""

    expectation: Expectation
    source: Source

    @property
    def position(self) -> Position:
        """The line of the runbook the expectation begins on."""
        return Position(Path(self.source.path), self.source.line)


@dataclass(frozen=True, slots=True)
class Runbook:
    """A page and its promises in order. Ids are unique."""

    page: Page
    promises: tuple[Promise, ...]

    def section(self, anchor: str) -> tuple[Promise, ...]:
        """The promises under the heading with that anchor; all of the page for ''. Raises BadInput on an unknown one."""
        if not anchor:
            return self.promises
        inside = self.page.within(anchor)
        if not inside:
            known = [heading.anchor for heading in self.page.headings]
            near = get_close_matches(anchor, known, n=1, cutoff=0.5)
            hint = (
                f"did you mean '#{near[0]}'?" if near else f"there are {', '.join('#' + name for name in known) or 'none'}."
            )
            raise BadInput(f"{self.page.path} has no heading with the anchor '#{anchor}'; {hint}")
        return tuple(promise for promise in self.promises if promise.source.anchor in inside)


def load_runbook(path: Path, kinds: Kinds) -> Runbook:
    """Read a runbook file. Raises BadInput with every problem of every block."""
    return read_runbook(read_text(path), path, kinds)


def read_runbook(text: str, path: Path, kinds: Kinds) -> Runbook:
    """Markdown -> Runbook. Raises BadInput with every problem of every block, in order of lines."""
    page = read_page(text, path)
    problems = list(page.problems)
    promises: list[Promise] = []
    for block in page.blocks:
        for item in _items(block, path, problems):
            expectation = _expectation(item, kinds, problems)
            if expectation is not None:
                promises.append(Promise(expectation, _source(path, item.position(()).line, block)))
    problems += _duplicates(promises)
    if problems:
        raise BadInput(sorted(problems, key=lambda problem: problem.position.line if problem.position else 0))
    return Runbook(page, tuple(promises))


def _items(block: Block, path: Path, problems: list[Problem]) -> Iterator[Located]:
    """The expectations of a block: one, or each of a list, with lines of the file."""
    try:
        located = parse_yaml(block.text, path, block.first_line)
    except BadInput as error:
        problems += error.problems
        return
    if isinstance(located.value, list):
        for index, value in enumerate(located.value):
            lines = {loc[1:]: line for loc, line in located.lines.items() if loc[:1] == (index,)}
            yield Located(path, value, lines)
    elif located.value is None:
        problems.append(Problem("This block is empty; write an expectation in it or remove it", _above(path, block)))
    else:
        yield located


def _expectation(item: Located, kinds: Kinds, problems: list[Problem]) -> Expectation | None:
    value: Any = item.value
    if not isinstance(value, dict):
        problems.append(Problem("Expected an expectation with 'id' and 'kind', found something else", item.position(())))
        return None
    name = value.get("kind")
    model = kinds.get(name) if isinstance(name, str) else None
    if model is None:
        problems.append(Problem(_no_kind(name, kinds), item.position(("kind",))))
        return None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems += problems_of(error, model, item)
        return None


def _no_kind(name: Any, kinds: Kinds) -> str:
    if name is None:
        return f"'kind' is missing; add one of {', '.join(kinds)}"
    near = get_close_matches(str(name), list(kinds), n=1, cutoff=0.5)
    return f"Unknown kind '{name}'; " + (f"did you mean '{near[0]}'?" if near else f"there are {', '.join(kinds)}")


def _duplicates(promises: list[Promise]) -> Iterator[Problem]:
    first: dict[str, Position] = {}
    for promise in promises:
        other = first.setdefault(promise.expectation.id, promise.position)
        if other != promise.position:
            text = f"The id '{promise.expectation.id}' is already taken at {other}; change one of them"
            yield Problem(text, promise.position)


def _source(path: Path, line: int, block: Block) -> Source:
    return Source(
        path=str(path), line=line, anchor=block.heading.anchor, heading=block.heading.text, sentence=block.sentence
    )


def _above(path: Path, block: Block) -> Position:
    return Position(path, block.first_line - 1)
