from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput, Unavailable, Vetoed
from harness.safety.guard import (
    Allowed,
    AllowedContext,
    Limits,
    Radius,
    allowed,
    check_context,
    check_radius,
    check_target,
    contexts_file,
    exceeds,
)
from tests.faults.apiserver import CONTEXT, Cluster, write_kubeconfig


def permit(*names: str, namespaces: tuple[str, ...] = ()) -> Allowed:
    return Allowed(contexts=[AllowedContext(name=name, namespaces=list(namespaces)) for name in names])


def test_an_embedded_target_with_an_opted_in_namespace_is_allowed(cluster: Cluster) -> None:
    check_target(cluster.target(namespace=cluster.namespace("guard-yes")))


def test_a_namespace_without_the_label_is_vetoed_with_the_line_that_allows_it(cluster: Cluster) -> None:
    target = cluster.target(namespace=cluster.namespace("guard-no", opted_in=False))
    line = f"kubectl --context {CONTEXT} label namespace guard-no generalprobe.dev/rehearse=allowed"
    with pytest.raises(Vetoed, match=line):
        check_target(target)
    cluster.core.patch_namespace("guard-no", {"metadata": {"labels": {"generalprobe.dev/rehearse": "yes"}}})
    with pytest.raises(Vetoed):
        check_target(target)
    cluster.core.patch_namespace("guard-no", {"metadata": {"labels": {"generalprobe.dev/rehearse": "allowed"}}})
    check_target(target)


def test_a_namespace_that_does_not_exist_is_vetoed(cluster: Cluster) -> None:
    with pytest.raises(Vetoed, match="There is no namespace 'nowhere'"):
        check_target(cluster.target(namespace="nowhere"))


def test_a_foreign_context_needs_an_entry(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    target = cluster.target(embedded=False, namespace=cluster.namespace("guard-context"))
    with pytest.raises(Vetoed, match=f"- name: {CONTEXT}"):
        check_target(target)
    check_target(target, permit(CONTEXT))
    monkeypatch.setenv("GENERALPROBE_ALLOWED_CONTEXTS", f"other, {CONTEXT}")
    check_target(target)


def test_an_entry_may_be_limited_to_namespaces(cluster: Cluster) -> None:
    target = cluster.target(embedded=False)
    check_context(target, "https://10.0.0.1", permit(CONTEXT, namespaces=("crm",)))
    with pytest.raises(Vetoed, match="namespace 'crm' of context"):
        check_context(target, "https://10.0.0.1", permit(CONTEXT, namespaces=("staging",)))


@pytest.mark.parametrize("server", ["https://10.0.0.1:6443", "https://prod.example.com", "https://127.0.0.1.example.com"])
def test_a_target_that_only_claims_to_be_embedded_is_vetoed(cluster: Cluster, server: str) -> None:
    with pytest.raises(Vetoed, match="calls itself embedded"):
        check_context(cluster.target(), server, Allowed())


def test_a_cluster_that_does_not_answer_is_not_allowed(cluster: Cluster, tmp_path: Path) -> None:
    write_kubeconfig(tmp_path / "k", "https://127.0.0.1:1")
    with pytest.raises(Unavailable, match="cannot be read"):
        check_target(cluster.target(kubeconfig=tmp_path / "k"))
    with pytest.raises(Unavailable, match="cannot be used for context 'other'"):
        check_target(cluster.target(context="other"))


def test_the_allow_list_is_read_and_its_mistakes_have_a_line() -> None:
    assert allowed() == Allowed()
    contexts_file().parent.mkdir(parents=True)
    contexts_file().write_text("contexts:\n  - name: staging\n    namespaces: [crm]\nlimits:\n  max_pods: 2\n")
    assert allowed().limits.max_pods == 2
    assert allowed().contexts == [AllowedContext(name="staging", namespaces=["crm"])]
    contexts_file().write_text("contexts:\n  - name: staging\nlimits:\n  max_podz: 2\n")
    with pytest.raises(BadInput, match=r"max_pods'\? \(.*contexts.yaml:4\)"):
        allowed()


@pytest.mark.parametrize(
    ("radius", "ready", "problem"),
    [
        (Radius("f", 10, 1, "a=b"), 2, None),
        (Radius("f", 10, 6, "a=b"), None, "takes 6 pods, more than max_pods 5"),
        (Radius("f", 10, 2, "a=b"), 3, "takes 2 of 3 ready pods"),
        (Radius("f", 10, 1, "a=b"), 1, "takes 1 of 1 ready pods"),
        (Radius("f", 10, 1, "a=b"), 0, None),  # nothing matches: that is no reach, but no effect either
        (Radius("f", 301), None, "longer than max_seconds 300"),
        (Radius("f", float("nan")), None, "endless"),
        (Radius("f", float("inf")), None, "endless"),
        (Radius("f", 1, -1), None, "negative"),
        (Radius("f", 1, 1, " "), None, "empty selector"),
    ],
)
def test_a_fault_must_stay_within_the_limits(radius: Radius, ready: int | None, problem: str | None) -> None:
    found = exceeds(radius, Limits(), ready)
    if problem is None:
        assert found == []
        check_radius(radius, Limits(), ready)
    else:
        assert problem in "; ".join(found)
        with pytest.raises(Vetoed, match=r"contexts\.yaml"):
            check_radius(radius, Limits(), ready)


@given(pods=st.integers(0, 50), ready=st.integers(1, 50), percent=st.floats(0, 100))
def test_no_fault_takes_more_than_the_share_allowed(pods: int, ready: int, percent: float) -> None:
    limits = Limits(max_pods=50, max_percent=percent)
    within = not exceeds(Radius("f", 1, pods, "a=b"), limits, ready)
    assert within == (100 * min(pods, ready) / ready <= percent)
