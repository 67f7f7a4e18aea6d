"""SQ015: LISTEN and NOTIFY speak of channels with different names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from harness.validate.estate import Estate, Settings
from harness.validate.finding import Confidence, Defect, Related, Severity
from harness.validate.promises import Mention
from harness.validate.rule import ValidationRule
from harness.validate.sql.channels import channels_of
from harness.validate.sql.repository import repository


def check(estate: Estate, settings: Settings) -> Iterator[Defect]:
    """Channels that are heard but never sent, where a channel of a similar name is sent; and what pages name."""
    found = channels_of(repository(estate))
    for name, places in found.heard.items():
        if name in found.sent or not found.sent:
            continue
        near = _nearest(name, found.sent)
        if near or not found.dynamic:
            yield Defect(
                places[0],
                f"LISTEN waits on '{name}', but NOTIFY is sent " + (f"on '{near}'" if near else "on other channels only"),
                f"Use one name: '{near}'" if near else f"Send on '{name}', or drop the LISTEN",
                tuple(Related(place, "sent here") for place in found.sent.get(near, [])[:1]),
                confidence=Confidence.LIKELY if near else Confidence.GUESS,
            )
    # A channel that only the application hears is no mistake: one that is nearly heard is.
    for name, places in found.sent.items():
        near = _nearest(name, found.heard) if name not in found.heard else ""
        if near and near in found.sent:
            yield Defect(
                places[0],
                f"NOTIFY is sent on '{name}', but LISTEN waits on '{near}', which others send on",
                f"Use one name: '{near}'",
                (Related(found.heard[near][0], "heard here"),),
                confidence=Confidence.GUESS,
            )
    for mention in estate.all(Mention):
        names = {**found.heard, **found.sent}
        near = _nearest(mention.name, names)
        if mention.kind == "channel" and near and mention.name not in names and not found.dynamic:
            yield Defect(
                mention.place,
                f"No SQL sends or hears on a channel '{mention.name}'; there is '{near}'",
                f"Write '{near}', or change the SQL",
                (Related(names[near][0], "named here"),),
                confidence=min(mention.confidence, Confidence.LIKELY, key=Confidence.most),
                understood=mention.understood(),
            )


def _nearest(name: str, known: Iterable[str]) -> str:
    """A name that differs in a letter or in case; words alike are not enough, for channels are often called alike."""
    folded = {one.lower(): one for one in known}
    return next((folded[near] for near in get_close_matches(name.lower(), list(folded), n=1, cutoff=0.85)), "")


RULE = ValidationRule(
    "SQ015", "channel-unheard", "LISTEN and NOTIFY speak of channels with different names.", Severity.WARNING, check
)
