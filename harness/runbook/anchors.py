"""Anchors as GitHub makes them from headings, so that links work there, in the report, and in `runbook_url` of alerts."""

from __future__ import annotations

import re


def slug(title: str) -> str:
    """`CrmNotifyQueueFilling` -> `crmnotifyqueuefilling`, `Über uns (neu)` -> `über-uns-neu`. Duplicates get -1, -2 ...

    Source: github.com/gjtorikian/html-pipeline, toc_filter: lower case, only letters, digits, `_`, `-` and spaces stay,
    spaces become hyphens. Numbering of duplicates is the anchors plugin's.
    """
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
