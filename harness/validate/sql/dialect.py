"""Whether a text that PostgreSQL's parser refuses was never meant for PostgreSQL."""

from __future__ import annotations

import re

_SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("it is a template that is not rendered", re.compile(r"\{\{|\{%|<%|\$\(\w+\)|@@\w+@@|(?<!\w)\{\w+\}")),
    (
        "it is written for MySQL or MariaDB",
        re.compile(
            r"`\w+`|\bAUTO_INCREMENT\b|\bENGINE\s*=\s*(?:InnoDB|MyISAM)|^\s*DELIMITER\s|/\*!\d{5}|\bUNSIGNED\b"
            r"|\bON\s+DUPLICATE\s+KEY\b|\bDEFAULT\s+CHARSET\b",
            re.I | re.M,
        ),
    ),
    (
        "it is written for SQLite",
        re.compile(r"\bAUTOINCREMENT\b|^\s*PRAGMA\s|\bWITHOUT\s+ROWID\b|\)\s*STRICT\s*;", re.I | re.M),
    ),
    (
        "it is written for SQL Server",
        re.compile(
            r"^\s*GO\s*;?\s*$|\[dbo\]|\bdbo\.\w|\bIDENTITY\s*\(\s*\d+\s*,|\bN?VARCHAR\s*\(\s*MAX\s*\)|\bDECLARE\s+@\w|\bSET\s+@\w"
            r"|\bUNIQUEIDENTIFIER\b|\bCLUSTERED\b|\bSELECT\s+TOP\s+\(?\d|\bsp_executesql\b|\bBEGIN\s+TRAN\b",
            re.I | re.M,
        ),
    ),
    (
        "it is written for Oracle",
        re.compile(
            r"\bVARCHAR2\b|\bNUMBER\s*\(\s*\d|\bCREATE\s+OR\s+REPLACE\s+(?:EDITIONABLE\s+)?PACKAGE\b|\bFROM\s+DUAL\b"
            r"|\bNVARCHAR2\b|\bDBMS_\w+\.|^/\s*$",
            re.I | re.M,
        ),
    ),
    (
        "it is written for ClickHouse, BigQuery, Snowflake or Spark",
        re.compile(
            r"\bENGINE\s*=?\s*\w*MergeTree|\bSTRUCT\s*<|\bARRAY\s*<|\bCREATE\s+OR\s+REPLACE\s+(?:TRANSIENT\s+)?TABLE\b|\bOPTIONS\s*\("
            r"\s*description|\bUSING\s+(?:DELTA|PARQUET)\b|\bQUALIFY\b|\bSTAGE\b.*\bURL\b",
            re.I,
        ),
    ),
    (
        "it is written for CockroachDB",
        re.compile(r"^\s*(?:SET|RESET)\s+CLUSTER\s+SETTING\b|^\s*GRANT\s+SYSTEM\s|\bCONFIGURE\s+ZONE\b", re.I | re.M),
    ),
    ("it is CQL of Cassandra", re.compile(r"\bCREATE\s+KEYSPACE\b|\bWITH\s+CLUSTERING\s+ORDER\b", re.I)),
)
_QUIET = re.compile(r"--[^\n]*|'[^'\n]*'")


def other_dialect(text: str) -> str:
    """Why a text is not looked at, or '' where it shows no sign of another dialect."""
    bare = _QUIET.sub(" ", text)
    return next((why for why, sign in _SIGNS if sign.search(bare)), "")
