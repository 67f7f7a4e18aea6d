"""Texts that a tool still has to render: named with the tool, because what they hold is not what will run."""

from __future__ import annotations

import re

_HELM = re.compile(
    r"\{\{[^{}\n]*(?:\.(?:Values|Release|Chart|Capabilities|Files|Template)\b|\b(?:include|template|define|tpl)\s)"
)
_ACTION = re.compile(
    r"^\s*(?:- )?\{\{-?\s*(?:if|else|end|range|with|define|include|template|block|/\*|\$\w+\s*:=|-)", re.MULTILINE
)
_JINJA = re.compile(r"^\s*\{%-?\s*\w+|\{%-?\s*(?:if|for|set|include|macro)\b.*?%\}", re.MULTILINE)
_YTT = re.compile(r"^\s*#@(?:\s|overlay|data|schema|library|yaml)|\S\s+#@\s", re.MULTILINE)
_PROMETHEUS = re.compile(r"\{\{[^{}]*\$(?:labels|value|externalLabels|externalURL)\b[^{}]*\}\}")
"""What Prometheus fills in itself: a broken rule file is broken for all that."""
_STENCIL = re.compile(r"^\s*(?:- )?__[A-Z][A-Z0-9_]*__\s*$", re.MULTILINE)
"""A line that is nothing but a placeholder, which a script replaces by lines of YAML."""
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)


def renders_with(text: str, valid: bool) -> str:
    """Which tool has to render this YAML first; '' where none has to. `valid`: whether it parses as it is.

    `{{ … }}` within the values of YAML that parses belongs to whoever reads the value later (an alert's annotation, a
    dashboard's legend), unless it asks Helm for something.
    """
    if "#@" in text and _YTT.search(text):
        return "ytt"
    if "{{" in text or "{%" in text:
        bare = _COMMENT.sub("", text)
        bare = _PROMETHEUS.sub("", bare)
        if _HELM.search(bare) or (not valid and _ACTION.search(bare)):
            return "Helm"
        if _JINJA.search(bare) or (not valid and "{{" in bare):
            return "Jinja or another template language"
    return "a script that fills in its placeholders" if not valid and _STENCIL.search(text) else ""


def first_mark(text: str) -> int:
    """Where the template shows itself first."""
    found = [at for mark in ("{{", "{%", "#@", "__") if (at := text.find(mark)) >= 0]
    return min(found, default=0)
