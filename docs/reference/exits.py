"""The page of exit codes, from harness.errors."""

from __future__ import annotations

from collections.abc import Iterator

import harness.errors
from docs.reference.markdown import first_sentence, page, table
from harness.errors import Exit, RehearseError

MEANINGS = {
    Exit.PASS: "Every expectation passed; any other command did what it was asked to do.",
    Exit.FAILED: "An expectation failed, or its data is missing and the runbook does not allow that. "
    "`rehearse status`: a cluster is not well.",
    Exit.BAD_INPUT: "What was given cannot be used: a file, an option, a setting; or something it stands on cannot be had. "
    "Nothing was rehearsed.",
    Exit.INCONCLUSIVE: "Nothing can be said about the system, because the harness itself could not do its part. "
    "`rehearse restore`: something could not be put back.",
    Exit.STOPPED: "A safety rule forbade the rehearsal, or stopped it.",
    Exit.INTERRUPTED: "SIGINT or SIGTERM came; faults and windows were put back.",
}


def exit_page(meanings: dict[Exit, str] | None = None) -> str:
    """Every code, what it means, and which errors end with it. Raises KeyError where a code has no meaning here."""
    known = MEANINGS if meanings is None else meanings
    codes = table(("code", "name", "means"), ((f"{one.value}", one.name.lower(), known[one]) for one in Exit))
    errors = table(
        ("code", "error", "when"),
        ((f"{int(kind.exit_code)}", f"`{kind.__name__}`", first_sentence(kind.__doc__ or "")) for kind in _errors()),
    )
    return page(
        "Exit codes",
        "harness/errors.py",
        "Of every `rehearse` command. An error is one sentence on stderr for each thing that is wrong, never a traceback.",
        codes,
        "## Errors\n\nWhat ends a command before there is a verdict.",
        errors,
        "How findings add up to a code: [Verdicts](../explanation/verdicts.md#what-they-add-up-to).",
    )


def _errors() -> Iterator[type[RehearseError]]:
    for thing in vars(harness.errors).values():
        if isinstance(thing, type) and issubclass(thing, RehearseError) and thing is not RehearseError:
            yield thing
