"""Commands are parsed and never run; kubectl's commands and flags are known."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.validate.kubectl import known, misuse
from harness.validate.shell import filled, looks_typed, simple_commands, syntax_error


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("echo 'abc", 0),
        ("ls\nls && && ls\n", 1),
        ("kubectl get pods (all)", 0),
        ("if true; then", 0),
        ("kubectl logs <pod> -n <the namespace> | grep x", None),
        ("kubectl get {{ kind }} [flags]", None),
        ("for i in 1 2; do echo $i; done", None),
        ("kubectl apply -f - <<EOF\na: (\nEOF\n", None),
        ("x" * 30_000 + "(", None),
    ],
)
def test_bash_says_what_it_cannot_parse_and_in_which_line(text: str, row: int | None) -> None:
    error = syntax_error(text)
    assert (error[0] if error else None) == row


def test_parsing_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = tmp_path / "trap.sh"
    made = tmp_path / "made"
    trap.write_text(f"touch {made}\n")
    monkeypatch.setenv("BASH_ENV", str(trap))
    assert syntax_error(f"touch {made}; $(touch {made}); echo `touch {made}` (") is not None
    assert syntax_error(f"touch '{made}' && echo \"$(touch {made})\"") is None
    assert not made.exists()


def test_placeholders_keep_their_length() -> None:
    text = "kubectl -n <ns> get {{ what }} [more] …"
    assert len(filled(text)) == len(text)
    assert "<" not in filled(text)


def test_simple_commands_are_told_apart_with_their_line() -> None:
    text = "a b | c 'd e' && f \\\n  g\n# no\nkubectl apply -f - <<X\nh\nX\ni"
    assert [(one.row, one.words) for one in simple_commands(text)] == [
        (0, ("a", "b")),
        (0, ("c", "d e")),
        (0, ("f", "g")),
        (3, ("kubectl", "apply", "-f", "-", "<<", "X")),
        (6, ("i",)),
    ]


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("kubectl -n crm get pods -Lapp -owide --watch", ""),
        ("kubectl scale deploy x --replica=3", "--replica"),
        ("kubectl get po --export", "--export"),
        ("kubectl drain n --delete-local-data", "--delete-local-data"),
        ("kubectl describe po x -w", "-w"),
        ("kubectl get po -watch", "-watch"),
        ("kubectl restart deploy x", "restart"),
        ("kubectl scael deploy x", "scael"),
        ("kubectl --context a -n b -v 6 rollout undo deploy/x --to-revision=2", ""),
        ("kubectl top pods -A --containers", ""),
        ("kubectl create cm x --from-literal a=b", ""),
        ("kubectl exec -it x -- sh --nonsense", ""),
        ("kubectl ctx prod", ""),
        ("kubectl neat --strange", ""),
        ("kubectl annotate --record x", ""),
        ("kubectl get --raw /metrics", ""),
        ("kubectl", ""),
        ("kubectl $VERB pods --strange", ""),
    ],
)
def test_kubectl_refuses_what_it_does_not_know(command: str, word: str) -> None:
    wrong = misuse(tuple(command.split()))
    assert (wrong.word if wrong else "") == word


def test_the_table_holds_kubectls_commands() -> None:
    assert {"get", "scale", "rollout", "apply", "debug"} <= set(known().verbs)
    assert known().flags["scale"]["--replicas"] is True
    assert known().flags["get"]["-w"] is False


@given(st.text(alphabet=st.sampled_from(list("kubectl get-'\"$(){}<>|&;\\\n#=")), max_size=80))
def test_no_text_breaks_the_splitting(text: str) -> None:
    for simple in simple_commands(text):
        assert simple.words
        misuse(simple.words)


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(["ls", " ", "|", "||", "&&", ";", "'a b'", '"c $d"', "$e", "-n", "\n", "if", "(", "'", "#f"]),
        max_size=12,
    )
)
def test_what_is_too_plain_to_ask_bash_about_is_what_bash_accepts(pieces: list[str]) -> None:
    script = "".join(pieces)
    if syntax_error(script) is None:
        asked = subprocess.run(["bash", "-n"], input=filled(script), capture_output=True, text=True, check=False)
        assert asked.returncode == 0, asked.stderr


def test_output_between_commands_is_told_from_what_is_typed() -> None:
    assert looks_typed("kubectl get pods\nfor a in b; do\n  echo $a\ndone\n# done\nNAME=x run")
    assert not looks_typed("kubectl get pods\nNAME READY (2)\n")
