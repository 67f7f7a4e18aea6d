"""Which functions there are: PostgreSQL's own (pg_proc of version 18), those of extensions, and what files define."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from pglast import ast

from harness.validate.estate import Estate
from harness.validate.sql.repository import Repository
from harness.validate.sql.tree import dotted

EXTENSIONS: dict[str, frozenset[str]] = {
    "pgcrypto": frozenset(
        [
            "digest",
            "hmac",
            "crypt",
            "gen_salt",
            "encrypt",
            "decrypt",
            "encrypt_iv",
            "decrypt_iv",
            "gen_random_bytes",
            "gen_random_uuid",
            "armor",
            "dearmor",
            "pgp_sym_encrypt",
            "pgp_sym_decrypt",
            "pgp_pub_encrypt",
            "pgp_pub_decrypt",
            "pgp_key_id",
            "fips_mode",
        ]
    ),
    "uuid-ossp": frozenset(
        [
            "uuid_generate_v1",
            "uuid_generate_v1mc",
            "uuid_generate_v3",
            "uuid_generate_v4",
            "uuid_generate_v5",
            "uuid_nil",
            "uuid_ns_dns",
            "uuid_ns_url",
            "uuid_ns_oid",
            "uuid_ns_x500",
        ]
    ),
    "citext": frozenset({"citext"}),
    "btree_gist": frozenset(),
    "btree_gin": frozenset(),
    "unaccent": frozenset({"unaccent", "unaccent_init", "unaccent_lexize"}),
    "pg_trgm": frozenset(
        {"similarity", "show_trgm", "word_similarity", "strict_word_similarity", "set_limit", "show_limit"}
    ),
    "pg_stat_statements": frozenset({"pg_stat_statements", "pg_stat_statements_reset", "pg_stat_statements_info"}),
    "plpgsql": frozenset(),
}
"""What extensions bring. One that is not here may bring anything."""

_CREATED = re.compile(
    r"\bCREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE|AGGREGATE)\s+(?:(?:[\w\"%@]+|\$\{\w+\}|:\"?\w+\"?)\s*\.\s*)?\"?(\w+)",
    re.I,
)


@cache
def builtin() -> frozenset[str]:
    """The functions in pg_catalog."""
    return frozenset(resources.files("harness.validate.sql").joinpath("functions.txt").read_text("utf-8").split())


def defined(estate: Estate) -> frozenset[str]:
    """The functions that any SQL creates, also by way of EXECUTE, or in a file that does not parse."""
    return frozenset(
        match[1].lower()
        for one in estate.found.files
        if "create" in one.text.lower()
        for match in _CREATED.finditer(one.text)
    )


def extensions(known: Repository) -> tuple[frozenset[str], bool]:
    """(the functions that created extensions bring, whether all of those are known)."""
    names = {one.node.extname for one in known.statements if isinstance(one.node, ast.CreateExtensionStmt)}
    brought = [EXTENSIONS.get(name) for name in names]
    return frozenset(name for some in brought if some for name in some), all(some is not None for some in brought)


def schemas(known: Repository) -> frozenset[str]:
    """The schemas in which the files create something."""
    found = {one.schema for one in known.schema.tables} | {one.schema for one in known.routines}
    found |= {one.node.schemaname for one in known.statements if isinstance(one.node, ast.CreateSchemaStmt)}
    found |= {dotted(one.node.defnames)[0] for one in known.statements if isinstance(one.node, ast.DefineStmt)}
    return frozenset(name for name in found if name) - {"public", "pg_catalog", "extensions", "auth", "cron", "storage"}
