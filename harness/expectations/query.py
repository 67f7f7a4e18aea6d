"""`query`: a PromQL expression holds a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from harness.expectations.base import World
from harness.expectations.sampled import Compared
from harness.promqltokens import TOO_LARGE, is_too_large


class Query(Compared):
    """The value of a PromQL expression relates to a bound as promised."""

    how = "promql"
    needs = frozenset({"prometheus"})

    kind: Literal["query"]
    promql: str = Field(min_length=1, description="The expression. Its ranges are not scaled by lapse.")

    def text(self) -> str:
        """The expression."""
        return self.promql

    def problems(self, world: World) -> Sequence[str]:
        """Unknown moments, and PromQL that does not parse."""
        import promql_parser  # noqa: PLC0415 - only the one who checks a query pays for the parser

        if is_too_large(self.promql):
            return [*super().problems(world), f"'promql': {TOO_LARGE}"]
        try:
            promql_parser.parse(self.promql)
        except ValueError as error:
            return [*super().problems(world), f"'promql' is no valid PromQL: {' '.join(str(error).split())}"]
        return super().problems(world)
