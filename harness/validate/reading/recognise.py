"""What a text is, by its content rather than its name, and its way into `Found`."""

from __future__ import annotations

from collections.abc import Iterable

from harness.validate.artefacts import Found, SqlFile
from harness.validate.reading.manifests import read_yaml
from harness.validate.reading.markdown import looks_like_markdown, read_markdown
from harness.validate.text import TextFile

MARKDOWN = frozenset({".md", ".markdown", ".mdown", ".mkd", ".mdx"})


def read_all(texts: Iterable[TextFile], found: Found) -> None:
    """Recognise and read every text."""
    for text in texts:
        found.files.append(text)
        if text.path.suffix.lower() in (".yaml", ".yml", ".rules", ".json") or str(text.path) == "<stdin>":
            read_yaml(text, found)
        elif text.path.suffix.lower() == ".sql":
            found.sql.append(SqlFile(text))
        elif text.path.suffix.lower() in MARKDOWN or looks_like_markdown(text.text):
            read_markdown(text, found)
