"""Kubernetes quantities such as ``500m`` and ``24Gi``.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

from harness.node.errors import ContainerConfigError

SUFFIXES: dict[str, Fraction] = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 10**3),
    "": Fraction(1),
    **{letter: Fraction(10 ** (3 * power)) for power, letter in enumerate("kMGTPE", start=1)},
    **{f"{letter}i": Fraction(1024**power) for power, letter in enumerate("KMGTPE", start=1)},
}
PATTERN = re.compile(r"^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|([numkMGTPE]i?|Ki)?)$")


def parse_quantity(text: str | int | float) -> Fraction:
    """The exact value of a quantity.

    Raises:
        ContainerConfigError: the text is not a quantity.
    """
    match = PATTERN.match(str(text).strip())
    if match is None or (match[3] or "") not in SUFFIXES:
        raise ContainerConfigError(f"{text!r} is not a quantity such as 500m or 24Gi")
    number = Fraction(match[1])
    return number * Fraction(10) ** int(match[2]) if match[2] else number * SUFFIXES[match[3] or ""]


def in_units_of(quantity: str, divisor: str) -> int:
    """How many times the divisor a quantity is, rounded up as resourceFieldRef does."""
    by = parse_quantity(divisor)
    return math.ceil(parse_quantity(quantity) / (by or 1))
