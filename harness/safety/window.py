"""The season's cron windows, shifted into the rehearsal: journalled first, changed then, put back after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubernetes import client

from harness.errors import Inconclusive, Vetoed
from harness.safety.cluster import FAILURES, TIMEOUT_SECONDS, connect, refuse
from harness.safety.kinds.scaledobject_triggers import GROUP, PLURAL, VERSION, patch
from harness.safety.restore import Sentence, restore
from harness.safety.undo import Entry, Opened, UndoJournal
from harness.target.base import Target

Json = dict[str, Any]
Shift = Callable[[list[Json]], list[Json]]
"""Original triggers -> triggers whose window opens in the rehearsal; the same list where nothing is to be shifted. Pure."""


def apply(target: Target, shift: Shift, run: str, journal: UndoJournal | None = None) -> list[str]:
    """Shift the triggers of every ScaledObject in the target's namespace. Returns the names of those that changed.

    Raises Vetoed when an earlier change of the same object is still open (its original would be lost), Inconclusive
    when the API server refuses. Whatever was changed until then stays in the journal for `put_back`.
    """
    journal = journal or UndoJournal(target.name)
    api = client.CustomObjectsApi(connect(target.kubeconfig, target.context))
    try:
        listed: Any = api.list_namespaced_custom_object(
            GROUP, VERSION, target.namespace, PLURAL, _request_timeout=TIMEOUT_SECONDS
        )
    except FAILURES as error:
        refuse(f"The ScaledObjects of namespace '{target.namespace}' cannot be listed", error, Inconclusive)
    pending = {e.object.get("uid"): e for e in journal.open_entries() if e.kind == "scaledobject-triggers"}
    changed = []
    for item in sorted(listed["items"], key=lambda each: str(each["metadata"]["name"])):
        original = item["spec"].get("triggers") or []
        wanted = shift([dict(trigger) for trigger in original])
        if wanted == original:
            continue
        if earlier := pending.get(item["metadata"]["uid"]):
            raise Vetoed(
                f"{item['metadata']['name']} is still shifted by {earlier.run}; "
                f"run `rehearse restore --target {target.name}`."
            )
        _shift_one(api, target, item, wanted, run, journal)
        changed.append(str(item["metadata"]["name"]))
    return changed


def put_back(target: Target, journal: UndoJournal | None = None) -> list[Sentence]:
    """Take every open change of the target back that is ours or of a dead process (see `restore`)."""
    return restore(target.name, journal.folder if journal else None)


def _shift_one(api: Any, target: Target, item: Json, wanted: list[Json], run: str, journal: UndoJournal) -> None:
    metadata = item["metadata"]
    name, namespace = metadata["name"], metadata["namespace"]
    body = {"metadata": {"resourceVersion": metadata["resourceVersion"]}, "spec": {"triggers": wanted}}
    try:
        # What the server would store, asked before the change: it may default or prune fields.
        stored = patch(api, namespace, name, {"spec": {"triggers": wanted}}, dry_run="All")["spec"]["triggers"]
    except FAILURES as error:
        refuse(f"The shifted window of {name} is not accepted", error, Inconclusive)
    entry = Entry(
        kind="scaledobject-triggers",
        object={"namespace": namespace, "name": name, "uid": metadata["uid"]},
        original={"triggers": item["spec"].get("triggers") or []},
        applied={"triggers": stored},
        why="the season's window was shifted into the rehearsal",
        run=run,
        cluster={"kubeconfig": str(target.kubeconfig), "context": target.context, "embedded": target.embedded},
    )
    with journal.change(entry) as opened:
        _send(api, opened, body)


def _send(api: Any, opened: Opened, body: Json) -> None:
    """Make the change whose undo is on the disk. A conflict is met by trying anew only while the triggers are untouched."""
    namespace, name = opened.entry.object["namespace"], opened.entry.object["name"]
    for _ in range(8):
        try:
            patch(api, namespace, name, body)
            return
        except FAILURES as error:
            if getattr(error, "status", None) != 409:
                refuse(f"The window of {name} cannot be shifted", error, Inconclusive)
        now = api.get_namespaced_custom_object(GROUP, VERSION, namespace, PLURAL, name, _request_timeout=TIMEOUT_SECONDS)
        if now["spec"].get("triggers") != opened.entry.original["triggers"]:
            raise Inconclusive(f"Somebody else changed the triggers of {name} just now; look who, then try again.")
        body = {**body, "metadata": {"resourceVersion": now["metadata"]["resourceVersion"]}}
    raise Inconclusive(f"The ScaledObject {name} changes all the time; its window cannot be shifted.")
