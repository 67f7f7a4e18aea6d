"""Which labels an expression's series can still have, and where something asks for one that is already lost.

Source: https://prometheus.io/docs/prometheus/latest/querying/operators/ (aggregation, vector matching).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from harness.promqltokens import SETS
from harness.validate.promql import Aggregation, Binary, Call, Negated, Number, Part, Selector, Subquery, Text

_KEEPING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
_BARE = frozenset({"vector", "time", "scalar", "pi"})


@dataclass(frozen=True, slots=True)
class Labels:
    """`only`: the labels that series can have at most, None where any is possible; `lost`: those they cannot have.

    `by`: the part that took the others away, to point at.
    """

    only: frozenset[str] | None = None
    lost: frozenset[str] = frozenset()
    by: Part | None = None

    def may_have(self, label: str) -> bool:
        """Whether a series can carry it."""
        return label not in self.lost and (self.only is None or label in self.only)

    def limited(self, labels: Iterable[str], by: Part) -> Labels:
        """Nothing but these is left."""
        left = frozenset(label for label in labels if self.may_have(label))
        return Labels(left, self.lost - left, self.by if self.only == left else by)

    def without(self, labels: Iterable[str], by: Part) -> Labels:
        """These are gone."""
        gone = frozenset(labels)
        return Labels(self.only - gone if self.only is not None else None, self.lost | gone, self.by or by)

    def plus(self, labels: Iterable[str]) -> Labels:
        """These have come from elsewhere."""
        new = frozenset(labels)
        return Labels(self.only | new if self.only is not None else None, self.lost - new, self.by)

    def either(self, other: Labels) -> Labels:
        """What the series of one of two can have."""
        only = self.only | other.only if self.only is not None and other.only is not None else None
        return Labels(only, frozenset(label for label in self.lost if not other.may_have(label)), self.by or other.by)


@dataclass(frozen=True, slots=True)
class Loss:
    """`wants` (a grouping, a matching, a function) asks for `label`, which `by` has taken from the series before.

    `side`: of two sides that are matched, the one that has lost it.
    """

    label: str
    wants: Part
    by: Part
    how: str
    sure: bool = False
    side: Part | None = None


NOTHING = Labels(frozenset())


Known = Mapping[str, Labels]
"""What is known of series by name: those that recording rules of the estate make."""


def labels(part: Part, known: Known) -> Labels:  # noqa: PLR0911 (one line per kind of part)
    """What the series of an expression can carry."""
    if isinstance(part, Selector):
        if part.name in known:
            return known[part.name]
        return Labels(lost=frozenset(one.name for one in part.matchers if one.op == "=" and not one.value))
    if isinstance(part, Subquery | Negated):
        return labels(part.inner, known)
    if isinstance(part, Aggregation):
        return _aggregated(part, known)
    if isinstance(part, Call):
        return _called(part, known)
    if isinstance(part, Binary):
        return _matched(part, known)
    return NOTHING


def is_vector(part: Part) -> bool:
    """Whether an expression gives series rather than one bare number."""
    if isinstance(part, Number | Text):
        return False
    if isinstance(part, Negated):
        return is_vector(part.inner)
    if isinstance(part, Call):
        return part.name not in ("time", "scalar", "pi")
    if isinstance(part, Binary):
        return is_vector(part.left) or is_vector(part.right)
    return True


def losses(root: Part, known: Known) -> Iterator[Loss]:
    """Every place in an expression that asks for a label which its input cannot have any more."""
    for part in root.walk():
        if isinstance(part, Aggregation) and part.by:
            inner = labels(part.inner, known)
            yield from (
                Loss(label, part, inner.by, f"is grouped by '{label}'")
                for label in part.by
                if inner.by is not None and not inner.may_have(label)
            )
        elif isinstance(part, Binary) and is_vector(part.left) and is_vector(part.right):
            yield from _unmatched(part, known)
        elif isinstance(part, Call) and part.name in ("label_replace", "label_join"):
            inner = labels(part.args[0], known)
            sources = part.args[3:4] if part.name == "label_replace" else part.args[3:]
            yield from (
                Loss(source.value, part, inner.by, f"{part.name} reads '{source.value}'")
                for source in sources
                if isinstance(source, Text) and source.value and inner.by is not None and not inner.may_have(source.value)
            )


def _aggregated(part: Aggregation, known: Known) -> Labels:
    inner = labels(part.inner, known)
    if part.op in _KEEPING:
        return inner
    left = inner.without(part.without, part) if part.without is not None else inner.limited(part.by or (), part)
    return left.plus([part.param.value]) if part.op == "count_values" and isinstance(part.param, Text) else left


def _called(call: Call, known: Known) -> Labels:
    if call.name in ("absent", "absent_over_time"):
        matched = [one for one in call.args[0].matchers if one.op == "="] if isinstance(call.args[0], Selector) else []
        return Labels(frozenset(one.name for one in matched), by=call)
    if call.name in _BARE or not call.args:
        return Labels(frozenset(), by=call)
    source = next((arg for arg in call.args if not isinstance(arg, Number | Text)), call.args[0])
    inner = labels(source, known)
    if call.name in ("histogram_quantile", "histogram_quantiles"):
        return inner.without(["le"], call) if inner.may_have("le") else inner
    if call.name in ("label_replace", "label_join") and isinstance(call.args[1], Text):
        return inner.plus([call.args[1].value])
    if call.name == "info":
        return Labels()
    return inner


def _matched(part: Binary, known: Known) -> Labels:  # noqa: PLR0911 (one line per way of matching)
    left, right = labels(part.left, known), labels(part.right, known)
    if part.op == "or":
        return left.either(right)
    if part.op in SETS or not is_vector(part.right):
        return left
    if not is_vector(part.left):
        return right
    if part.group:
        return (left if part.group == "left" else right).plus(part.group_labels)
    if part.on is not None:
        return left.limited(part.on, part)
    if part.ignoring is not None:
        return left.without(part.ignoring, part)
    return left if left.only is not None or right.only is None else right


def _unmatched(part: Binary, known: Known) -> Iterator[Loss]:
    left, right = labels(part.left, known), labels(part.right, known)
    if part.op == "or":
        return
    if part.on is not None:
        for label in part.on:
            for ours, theirs in ((left, right), (right, left)):
                if not ours.may_have(label) and theirs.may_have(label) and ours.by is not None:
                    yield Loss(label, part, ours.by, f"on ({', '.join(part.on)}) matches by '{label}'")
    else:
        yield from _unlike(part, left, right)
    one_side = right if part.group == "left" else left
    if part.group and one_side.by is not None:
        for label in part.group_labels:
            if not one_side.may_have(label):
                yield Loss(label, part, one_side.by, f"group_{part.group} takes '{label}' from it")


def _unlike(part: Binary, left: Labels, right: Labels) -> Iterator[Loss]:
    """Sides that are matched by all their labels, of which one has more than the other."""
    ignored = frozenset(part.ignoring or ())
    for ours, theirs, side in ((left, right, part.left), (right, left, part.right)):
        if ours.only is None or theirs.only is None or ours.by is None:
            continue
        missing = sorted(theirs.only - ours.only - ignored)
        if missing:
            names = "', '".join(missing)
            yield Loss(missing[0], part, ours.by, f"the other side of '{part.op}' still has '{names}'", True, side)
