"""SQ021: a table with a territory or tenant, without the row level security that its sisters have."""

from __future__ import annotations

from collections.abc import Iterator

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.rule import ValidationRule
from harness.validate.sql.repository import repository

_TENANT = frozenset(
    [
        "territory",
        "territory_id",
        "territory_code",
        "tenant",
        "tenant_id",
        "mandant",
        "mandant_id",
        "mandanten_id",
        "gebiet",
        "gebiet_id",
        "org_id",
        "organization_id",
        "organisation_id",
        "company_id",
        "workspace_id",
        "region_id",
    ]
)


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Tables with a column that others are protected by."""
    tables = [one for one in repository(estate).schema.tables if not one.partition]
    for name in sorted(_TENANT):
        having = [table for table in tables if name in table.columns]
        protected = [table for table in having if table.rls is not None]
        if not protected:
            continue
        for table in having:
            sister = next((one for one in protected if one.schema == table.schema), protected[0])
            if table.rls is None and sister.rls is not None:
                yield Defect(
                    table.statement.at(table.location),
                    f"{table.title} has {name}, but row level security is not enabled on it as it is on {sister.title}",
                    f"ALTER TABLE {table.title} ENABLE ROW LEVEL SECURITY, and write its policy",
                    (Related(sister.rls.at(sister.rls.node.relation.location), f"enabled on {sister.title}"),),
                    Confidence.LIKELY if sister.schema == table.schema else Confidence.GUESS,
                )


RULE = ValidationRule(
    "SQ021", "tenant-without-rls", "A table with a tenant lacks the row level security of others.", Severity.WARNING, check
)
