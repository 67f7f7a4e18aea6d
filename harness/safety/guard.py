"""What may be touched: namespaces that opted in, contexts that are allowed, and how far a fault may reach."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import client
from pydantic import BaseModel, ConfigDict, Field

from harness.errors import Vetoed
from harness.safety.cluster import FAILURES, TIMEOUT_SECONDS, connect, is_loopback, refuse
from harness.source import build, load_yaml
from harness.target.base import Target

LABEL = "generalprobe.dev/rehearse"
ALLOWED = "allowed"
CONTEXTS_VARIABLE = "GENERALPROBE_ALLOWED_CONTEXTS"


class Limits(BaseModel):
    """How far one fault may reach at most."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_pods: int = Field(default=5, ge=0, description="Pods that one fault may take.")
    max_percent: float = Field(default=50, ge=0, le=100, description="Share of the ready pods it selects, in percent.")
    max_seconds: float = Field(default=300, ge=0, description="How long one fault may last, with its rollback.")


class AllowedContext(BaseModel):
    """A kubeconfig context that rehearsals may use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="The context's name in the kubeconfig.")
    namespaces: list[str] = Field(default_factory=list, description="Only these namespaces; empty: any that opted in.")


class Allowed(BaseModel):
    """`~/.config/generalprobe/contexts.yaml`: where rehearsals may take place, and how far they may go."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contexts: list[AllowedContext] = Field(default_factory=list, description="Contexts besides the embedded cluster's.")
    limits: Limits = Field(default_factory=Limits, description="Limits of the blast radius of each fault.")


@dataclass(frozen=True, slots=True)
class Radius:
    """How far a fault reaches as planned. `of`: the selector its pods are taken from; None where it takes no pods."""

    fault: str
    seconds: float
    pods: int = 0
    of: str | None = None


def allowed() -> Allowed:
    """What the user allows: contexts.yaml, plus contexts named in GENERALPROBE_ALLOWED_CONTEXTS. Raises BadInput."""
    path = contexts_file()
    found = Allowed()
    if path.is_file() and (located := load_yaml(path)).value is not None:
        found = build(Allowed, located)
    named = [name.strip() for name in os.environ.get(CONTEXTS_VARIABLE, "").split(",")]
    extra = [AllowedContext(name=name) for name in named if name]
    return found.model_copy(update={"contexts": [*found.contexts, *extra]})


def contexts_file() -> Path:
    """`$XDG_CONFIG_HOME/generalprobe/contexts.yaml`, by default below ~/.config."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "generalprobe" / "contexts.yaml"


def check_target(target: Target, permitted: Allowed | None = None) -> None:
    """Raise Vetoed unless the target's context is allowed and its namespace opted in; Unavailable where none answers."""
    api = connect(target.kubeconfig, target.context)
    check_context(target, api.configuration.host, permitted or allowed())
    check_namespace(client.CoreV1Api(api), target.namespace, target.context)


def check_context(target: Target, server: str, permitted: Allowed) -> None:
    """Raise Vetoed unless the context is embedded (and truly on this machine) or in the allow-list."""
    if target.embedded:
        if not is_loopback(server):
            raise Vetoed(
                f"The target '{target.name}' calls itself embedded but its API server is {server}; name its context."
            )
        return
    entries = [entry for entry in permitted.contexts if entry.name == target.context]
    if not entries:
        raise Vetoed(
            f"The context '{target.context}' is not allowed; add '- name: {target.context}' under 'contexts:' in "
            f"{contexts_file()}, or set {CONTEXTS_VARIABLE}={target.context}."
        )
    if not any(not entry.namespaces or target.namespace in entry.namespaces for entry in entries):
        raise Vetoed(
            f"The namespace '{target.namespace}' of context '{target.context}' is not allowed; "
            f"add it to 'namespaces:' of that context in {contexts_file()}."
        )


def check_namespace(core: Any, namespace: str, context: str = "") -> None:
    """Raise Vetoed unless the namespace carries the opt-in label; Unavailable where that cannot be seen."""
    try:
        found = core.read_namespace(namespace, _request_timeout=TIMEOUT_SECONDS)
    except FAILURES as error:
        if getattr(error, "status", None) == 404:
            raise Vetoed(f"There is no namespace '{namespace}'; check the rehearsal's 'system: namespace'.") from None
        refuse(f"The namespace '{namespace}' cannot be read", error)
    if (found.metadata.labels or {}).get(LABEL) != ALLOWED:
        where = f" --context {context}" if context else ""
        raise Vetoed(
            f"The namespace '{namespace}' has not opted in; to allow it: "
            f"kubectl{where} label namespace {namespace} {LABEL}={ALLOWED}"
        )


def exceeds(radius: Radius, limits: Limits, ready: int | None = None) -> list[str]:
    """What of a fault's reach is beyond the limits, one sentence each. `ready`: ready pods it selects, where known."""
    problems = []
    if radius.pods < 0 or radius.seconds < 0 or not math.isfinite(radius.seconds):
        problems.append(f"{radius.fault} has a negative or endless reach")
    if radius.pods > limits.max_pods:
        problems.append(f"{radius.fault} takes {radius.pods} pods, more than max_pods {limits.max_pods}")
    if radius.seconds > limits.max_seconds:
        problems.append(f"{radius.fault} may last {radius.seconds:g} s, longer than max_seconds {limits.max_seconds:g}")
    if radius.of is not None and not radius.of.strip():
        problems.append(f"{radius.fault} selects its pods with an empty selector, which means all of them")
    if ready and 100 * min(radius.pods, ready) / ready > limits.max_percent:
        taken = f"{min(radius.pods, ready)} of {ready} ready pods"
        problems.append(f"{radius.fault} takes {taken}, more than max_percent {limits.max_percent:g}")
    return problems


def check_radius(radius: Radius, limits: Limits, ready: int | None = None) -> None:
    """Raise Vetoed where a fault would reach too far."""
    if problems := exceeds(radius, limits, ready):
        raise Vetoed(f"{'; '.join(problems)}; make the fault smaller or raise 'limits:' in {contexts_file()}.")
