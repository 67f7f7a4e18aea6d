"""What a text is, by its content rather than its name, and its way into `Found`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from harness.validate.artefacts import Found, Skipped, SqlFile, Unreadable
from harness.validate.bounded import TooLong, bounded
from harness.validate.reading.ics import read_calendar
from harness.validate.reading.manifests import looks_like_an_artefact, patched_by_kustomize, read_yaml
from harness.validate.reading.markdown import looks_like_markdown, read_markdown
from harness.validate.text import RENDERED, TextFile

_SQL = re.compile(
    r"^\s*(?:CREATE\s+(?:OR\s+REPLACE\s+)?(?:UNLOGGED\s+|TEMP\s+)?(?:TABLE|FUNCTION|(?:UNIQUE\s+)?INDEX|TRIGGER|VIEW|POLICY)"
    r"|ALTER\s+TABLE|INSERT\s+INTO|DROP\s+TABLE|LISTEN\s+\w+\s*;)\b",
    re.IGNORECASE | re.MULTILINE,
)
_KINDS = {
    "yaml": (".yaml", ".yml", ".rules", ".json"),
    "markdown": (".md", ".markdown", ".mdown", ".mkd", ".mdx"),
    "sql": (".sql",),
    "jsonnet": (".jsonnet", ".libsonnet"),
}
_BY_NAME = {suffix: kind for kind, suffixes in _KINDS.items() for suffix in suffixes}
_UNKNOWN = frozenset({"", ".txt", ".conf", ".cfg", ".tpl", ".tmpl", ".in", ".dist", ".example", ".out", ".ddl", ".psql"})
"""Names that say nothing: there a text has to look like something. Other names are files of other languages."""

MOST_SECONDS = 10.0
"""So long may reading one file take."""


def kind(text: TextFile) -> str:
    """yaml, markdown, sql, calendar, jsonnet, or '' for none of them."""
    suffix = Path(text.path.name.removesuffix(RENDERED)).suffix.lower()
    if text.text.lstrip().startswith("BEGIN:VCALENDAR"):
        return "calendar"
    if suffix in _BY_NAME:
        return _BY_NAME[suffix]
    if suffix not in _UNKNOWN and str(text.path) != "<stdin>":
        return ""
    if looks_like_an_artefact(text.text):
        return "yaml"
    if ";" in text.text and _SQL.search(text.text):
        return "sql"
    return "markdown" if looks_like_markdown(text.text) else ""


def read_all(texts: Iterable[TextFile], found: Found) -> None:
    """Recognise and read every text."""
    every = list(texts)
    patches = patched_by_kustomize(every)
    for text in every:
        try:
            with bounded(MOST_SECONDS):
                _read(text, found, patches)
        except Exception as error:
            says = f"Reading this broke: {type(error).__name__}: {error}"
            found.unreadable.append(Unreadable(text.at(0), says, "Report it with the file; exclude it until it is mended"))
        except TooLong:
            says = f"Reading this takes longer than {MOST_SECONDS:g} s, so the rest of it is not known"
            found.unreadable.append(Unreadable(text.at(0), says, "Split the file, or exclude it in the configuration"))


def _read(text: TextFile, found: Found, patches: frozenset[str]) -> None:
    what = kind(text)
    if what:
        found.files.append(text)
    if os.path.abspath(text.path) in patches:
        found.skipped.append(Skipped(text.at(0), "it is a patch for kustomize, not a whole object"))
    elif what == "yaml":
        read_yaml(text, found)
    elif what == "markdown":
        read_markdown(text, found)
    elif what == "sql":
        found.sql.append(SqlFile(text))
    elif what == "calendar":
        read_calendar(text, found)
    elif what == "jsonnet":
        found.skipped.append(Skipped(text.at(0), "it is Jsonnet; render it and validate what it makes"))
