"""What SQL asks of the machine under the database: programs, files, other servers."""

from __future__ import annotations

from typing import Any

from pglast import ast

from harness.validate.sql.tree import dotted, nodes, options

_FILES = frozenset(
    [
        "pg_read_file",
        "pg_read_binary_file",
        "pg_ls_dir",
        "pg_stat_file",
        "lo_import",
        "lo_export",
        "pg_file_write",
        "pg_file_read",
        "pg_rotate_logfile",
    ]
)
_LANGUAGES = frozenset({"c", "plpython3u", "plpythonu", "plperlu", "pltclu", "plsh", "internal"})
_EXTENSIONS = frozenset({"dblink", "file_fdw", "plpython3u", "plperlu", "plsh", "adminpack", "http", "pg_net", "pg_curl"})


def reaches_outside(node: Any) -> tuple[str, int | None, bool] | None:
    """(what it reaches, at which location, whether that runs a program) of a statement that leaves the database."""
    if isinstance(node, ast.CopyStmt) and node.filename:
        verb = "runs the program" if node.is_program else "reads the file" if node.is_from else "writes the file"
        return f"{verb} '{node.filename}' on the database's machine", None, bool(node.is_program)
    if isinstance(node, ast.CreateExtensionStmt) and node.extname in _EXTENSIONS:
        return f"brings in {node.extname}, which leaves the database", None, False
    if isinstance(node, ast.CreateFunctionStmt):
        language = options(node.options).get("language")
        if language is not None and str(language.arg.sval).lower() in _LANGUAGES:
            return f"makes a function in the untrusted language {language.arg.sval}", language.location, True
    if isinstance(node, ast.AlterSystemStmt):
        return "changes the server's configuration", None, False
    return next((found for call in nodes(node, ast.FuncCall) if (found := _call(call)) is not None), None)


def _call(call: Any) -> tuple[str, int | None, bool] | None:
    name = dotted(call.funcname)[1]
    if name in _FILES:
        return f"uses files of the database's machine ({name})", call.location, False
    return (f"connects to another server ({name})", call.location, False) if name.startswith("dblink") else None
