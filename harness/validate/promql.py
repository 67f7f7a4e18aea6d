"""PromQL as a tree that knows where each part stands in the expression. An expression is parsed once and kept.

promql-parser gives no positions; they are found by walking its tree in the order of the text, beside the text's tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

import promql_parser

from harness.promqltokens import Token, blame, is_too_large, tokens


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """A part of an expression: `start` and `end` count characters of the expression's text."""

    start: int
    end: int

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts within, in order of the text."""
        return ()

    def walk(self) -> Iterator[Part]:
        """This part and all within it."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def selectors(self) -> Iterator[Selector]:
        """All selectors of series within."""
        return (part for part in self.walk() if isinstance(part, Selector))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Number(Part):
    """A number; durations are seconds."""

    value: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Text(Part):
    """A string."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """`name op value`; op is =, !=, =~ or !~."""

    name: str
    op: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selector(Part):
    """Series by name and labels; `range` where it asks for a stretch of time. `name` is '' where none is written."""

    name: str
    matchers: tuple[Matcher, ...] = ()
    range: timedelta | None = None
    shifted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subquery(Part):
    """`inner[range:step]`."""

    inner: Part
    range: timedelta
    step: timedelta | None

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.inner,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Call(Part):
    """A function and its arguments."""

    name: str
    args: tuple[Part, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        return self.args


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aggregation(Part):
    """`op by (…) (inner)`: `by` or `without` is None where it is not written; neither means one series for all."""

    op: str
    inner: Part
    param: Part | None = None
    by: tuple[str, ...] | None = None
    without: tuple[str, ...] | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.param, self.inner) if self.param is not None else (self.inner,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Binary(Part):
    """`left op right`. `group`: left or right where one side may have more series, with the labels it takes over.

    `sign`: where the operator stands.
    """

    op: str
    left: Part
    right: Part
    sign: tuple[int, int]
    on: tuple[str, ...] | None = None
    ignoring: tuple[str, ...] | None = None
    group: str = ""
    group_labels: tuple[str, ...] = ()
    bool: bool = False

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Negated(Part):
    """`-inner`."""

    inner: Part

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.inner,)


@dataclass(frozen=True, slots=True)
class Unparsable:
    """An expression that is no PromQL: why, and the stretch that is to blame as far as it is known."""

    why: str
    start: int
    end: int


@cache
def parse(expression: str) -> Part | Unparsable:
    """The tree of an expression, or why there is none."""
    if is_too_large(expression):
        return Unparsable("it is too large or too deeply nested to be looked at", 0, 1)
    try:
        root = promql_parser.parse(expression)
    except ValueError as error:
        start, end, why = blame(expression, " ".join(str(error).split()))
        return Unparsable(why, start, end)
    return _Reader(expression).part(root)


def tree(expression: str) -> Part | None:
    """The tree of an expression, or None where it is no PromQL (rule AL001 tells of it)."""
    found = parse(expression)
    return found if isinstance(found, Part) else None


@cache
def normalised(expression: str) -> str:
    """The expression as the parser prints it: without comments, spacing and other spellings of one thing."""
    try:
        root = promql_parser.parse(expression) if isinstance(parse(expression), Part) else None
    except ValueError:
        root = None
    return str(root) if root is not None else expression


@dataclass(slots=True)
class _Reader:
    """Turns the parser's tree into ours; `at` is the token that has not been used yet."""

    expression: str
    tokens: list[Token] = field(default_factory=list)
    at: int = 0

    def __post_init__(self) -> None:
        self.tokens = tokens(self.expression)

    def part(self, node: Any) -> Part:
        kind = type(node).__name__
        if kind == "ParenExpr":
            return self.part(node.expr)
        made: Part = getattr(self, f"_{kind}")(node)
        return made

    def _find(self, kind: str, text: str = "") -> Token:
        for index in range(self.at, len(self.tokens)):
            token = self.tokens[index]
            if token.kind == kind and (not text or token.text.lower() == text.lower()):
                self.at = index + 1
                return token
        return Token(kind, text, 0, len(self.expression))

    def _peek(self, kind: str) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) and self.tokens[self.at].kind == kind else None

    def _NumberLiteral(self, node: Any) -> Part:  # noqa: N802
        index = next((at for at in range(self.at, len(self.tokens)) if self._is_number(self.tokens[at])), None)
        if index is None:
            return Number(start=0, end=len(self.expression), value=node.val)
        self.at = index + 1
        token = self.tokens[index]
        minus = node.val < 0 and index > 0 and self.tokens[index - 1].text == "-"
        return Number(start=self.tokens[index - 1].start if minus else token.start, end=token.end, value=node.val)

    @staticmethod
    def _is_number(token: Token) -> bool:
        return token.kind == "number" or (token.kind == "word" and token.text.lower() in ("inf", "nan"))

    def _StringLiteral(self, node: Any) -> Part:  # noqa: N802
        token = self._find("text")
        return Text(start=token.start, end=token.end, value=node.val)

    def _VectorSelector(self, node: Any, range_: timedelta | None = None) -> Part:  # noqa: N802
        matchers = tuple(Matcher(name=one.name, op=_MATCH[str(one.op)], value=one.value) for one in node.matchers.matchers)
        plain = next((one.value for one in matchers if one.name == "__name__" and one.op == "="), "")
        matchers = tuple(one for one in matchers if not (one.name == "__name__" and one.op == "="))
        written = node.name and any(token.text == node.name for token in self.tokens[self.at :])
        token = self._find("word", node.name) if written else self._find("{")
        end = token.end
        for kind in ("{", "["):
            following = self._peek(kind) if kind == "{" or range_ is not None else None
            if following is not None:
                end, self.at = following.end, self.at + 1
        shifted = f"{node.offset or ''} {node.at or ''}".strip()
        return Selector(
            start=token.start, end=end, name=node.name or plain, matchers=matchers, range=range_, shifted=shifted
        )

    def _MatrixSelector(self, node: Any) -> Part:  # noqa: N802
        return self._VectorSelector(node.vector_selector, node.range)

    def _SubqueryExpr(self, node: Any) -> Part:  # noqa: N802
        inner = self.part(node.expr)
        token = self._find("[")
        return Subquery(start=inner.start, end=token.end, inner=inner, range=node.range, step=node.step)

    def _within(self, head: Token, nodes: list[Any]) -> tuple[list[Part], int]:
        opening = self._find("sign", "(")
        parts = [self.part(node) for node in nodes]
        if opening.closing >= 0:
            self.at = opening.closing + 1
            return parts, self.tokens[opening.closing].end
        return parts, max([head.end, *(part.end for part in parts)])

    def _Call(self, node: Any) -> Part:  # noqa: N802
        head = self._find("word", node.func.name)
        parts, end = self._within(head, list(node.args))
        return Call(start=head.start, end=end, name=node.func.name, args=tuple(parts))

    def _AggregateExpr(self, node: Any) -> Part:  # noqa: N802
        head = self._find("word", str(node.op))
        nodes = [node.param, node.expr] if node.param is not None else [node.expr]
        parts, end = self._within(head, nodes)
        by = without = None
        if node.modifier is not None:
            listed = tuple(node.modifier.labels)
            by, without = (listed, None) if node.modifier.type == promql_parser.AggModifierType.By else (None, listed)
        param = parts[0] if len(parts) > 1 else None
        return Aggregation(start=head.start, end=end, op=str(node.op), inner=parts[-1], param=param, by=by, without=without)

    def _BinaryExpr(self, node: Any) -> Part:  # noqa: N802
        left = self.part(node.lhs)
        op = str(node.op)
        token = self._find("word" if op.isalpha() or op == "atan2" else "sign", op)
        right = self.part(node.rhs)
        on = ignoring = None
        group, labels, as_bool = "", (), False
        if node.modifier is not None:
            matching = node.modifier.matching
            if matching is not None:
                included = matching.type == promql_parser.LabelModifierType.Include
                on, ignoring = (tuple(matching.labels), None) if included else (None, tuple(matching.labels))
            group = {"ManyToOne": "left", "OneToMany": "right"}.get(str(node.modifier.card).split(".")[-1], "")
            labels, as_bool = tuple(node.modifier.group_labels or ()), node.modifier.return_bool
        return Binary(
            start=left.start, end=right.end, op=op, left=left, right=right, sign=(token.start, token.end), on=on,
            ignoring=ignoring, group=group, group_labels=labels, bool=as_bool,
        )  # fmt: skip

    def _UnaryExpr(self, node: Any) -> Part:  # noqa: N802
        inner = self.part(node.expr)
        return Negated(start=max(inner.start - 1, 0), end=inner.end, inner=inner)


_MATCH = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
