"""`sql`: what the database answers holds a comparison."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from harness.expectations.sampled import Compared


class Sql(Compared):
    """The first column of a SELECT relates to a bound as promised."""

    how = "sql"

    kind: Literal["sql"]
    sql: str = Field(min_length=1, description="One SELECT; the first column of its first row is the value.")

    @field_validator("sql")
    @classmethod
    def _reads_only(cls, value: str) -> str:
        words = value.split()
        if not words or words[0].lower() not in ("select", "with", "table", "values", "show"):
            raise ValueError(f"expected a statement that only reads (SELECT ...), got '{value}'")
        return value.rstrip().rstrip(";")

    def text(self) -> str:
        """The statement."""
        return self.sql
