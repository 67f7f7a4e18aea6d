"""Whatever lies in a repository is read, told or named as skipped: never a crash, a hang or silence."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.validate.artefacts import Found
from harness.validate.engine import Outcome, read, validate
from harness.validate.estate import Settings
from harness.validate.promises import Promise
from harness.validate.reading import prose
from harness.validate.reading.files import Scope
from harness.validate.reading.prose.context import Context
from harness.validate.text import TextFile
from tests.validate.artefacts import SCALER

SETTINGS = Settings(today=date(2026, 9, 1), database=False)
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def outcome(*paths: str, exclude: tuple[str, ...] = ()) -> Outcome:
    return validate(read([Path(path) for path in paths] or [Path()], Scope(exclude=exclude)), SETTINGS)


def unreadable(*paths: str) -> list[tuple[str, str]]:
    return [(str(one.place), one.defect.says) for one in outcome(*paths).findings if one.rule == "IN001"]


def skipped(*paths: str) -> list[tuple[str, str]]:
    return [(str(one.place), one.why) for one in outcome(*paths).estate.found.skipped]


def rule_ids(*paths: str) -> list[str]:
    return [one.rule for one in outcome(*paths).findings if one.rule == "SC004"]


@pytest.mark.parametrize(
    ("name", "data", "place", "says"),
    [
        ("a.yaml", b"kind: List\napiVersion: v1\nname: caf\xe9\n", "a.yaml:3", "This is not UTF-8 text (byte 35)"),
        ("a.md", "# Grüße\n".encode("latin-1"), "a.md:1", "This is not UTF-8 text (byte 4)"),
        ("a.yaml", SCALER.encode("utf-16"), "a.yaml:1", "This is UTF-16 text"),
        ("a.sql", b"select 1;\nselect \0 2;\n", "a.sql:2", "This holds a NUL byte, so it is no text"),
        (
            "a.yaml",
            b"kind: X\napiVersion: v1\nspec: " + b"[" * 3000 + b"]" * 3000,
            "a.yaml:3",
            "nested deeper than 200 levels",
        ),
        ("a.json", b'{"kind": "X", "apiVersion": ' * 300 + b"1" + b"}" * 300, "a.json:1", "nested deeper than 200 levels"),
        ("a.yaml", b"kind: X\napiVersion: v1\n" + BOMB.encode(), "a.yaml:8", "expand to more than 200000 values"),
        ("a.yaml", b"kind: X\napiVersion: v1\nspec: &a [*a]\n", "a.yaml:3", "an alias leads back to itself"),
        ("a.yaml", b"kind: X\napiVersion: v1\nspec: *gone\n", "a.yaml:3", "found undefined alias"),
        ("a.yaml", b"kind: X\napiVersion: v1\n\tspec: 1\n", "a.yaml:3", "violates indentation"),
    ],
)
def test_what_cannot_be_read_is_an_error_at_its_line(name: str, data: bytes, place: str, says: str) -> None:
    Path(name).write_bytes(data)
    found = unreadable()
    assert [one[0] for one in found] == [place]
    assert says in found[0][1]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + SCALER.encode(),
        SCALER.replace("\n", "\r\n").encode(),
        SCALER.replace("\n", "\r").encode(),
        ("# \x85 \u2028 \x0c\n" + SCALER).encode(),
    ],
    ids=["byte order mark", "CRLF", "CR", "odd line breaks"],
)
def test_marks_and_line_ends_of_other_systems_change_nothing(data: bytes) -> None:
    Path("a.yaml").write_bytes(data)
    found = [one.place for one in outcome().findings if one.rule == "SC004"]
    assert [(one.line, one.column, one.end_column) for one in found] == [(16 if b"\x0c" in data else 15, 26, 29)]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("t/a.yaml", "kind: X\nname: {{ .Values.name }}\n", "not rendered (Helm)"),
        ("t/a.yaml", "{{- if true }}\nkind: X\napiVersion: v1\n{{- end }}\n", "not rendered (Helm)"),
        ("t/a.yaml", 'apiVersion: v1\nkind: X\nname: "{{ .Release.Name }}"\n', "not rendered (Helm)"),
        ("a.yaml.j2.yaml", "{% if x %}\nkind: X\napiVersion: v1\n{% endif %}\n", "not rendered (Jinja"),
        ("a.yaml", "#@ load('x')\nkind: X\napiVersion: v1\nname: #@ name\n", "not rendered (ytt)"),
        ("kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", "kustomize puts"),
        ("a.jsonnet", "{}", "it is Jsonnet"),
        ("other.yml", "a: [\n", "looks like none of the artefacts"),
    ],
)
def test_what_is_no_finding_and_not_looked_at_is_named_with_its_reason(name: str, text: str, why: str) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text)
    assert unreadable() == []
    assert [one for one in skipped() if why in one[1]], skipped()


def test_a_patch_of_kustomize_is_not_taken_for_an_object() -> None:
    Path("base").mkdir()
    Path("base/kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [whole.yaml]\n"
        "patches:\n  - path: patch.yaml\npatchesStrategicMerge: [other.yaml]\n"
    )
    for name in ("patch", "other", "whole"):
        Path(f"base/{name}.yaml").write_text(SCALER.replace("crm", name))
    found = outcome()
    assert [thing.name for thing in found.estate.things("ScaledObject")] == ["whole"]
    assert ("base/other.yaml:1", "it is a patch for kustomize, not a whole object") in skipped()


def test_a_template_within_an_alert_is_read() -> None:
    Path("a.yaml").write_text(
        "groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: up == 0\n        annotations:\n"
        "          summary: '{{ $labels.pod }} {{ if gt $value 1.0 }}x{{ end }}'\n"
        "          text: |\n            {{ $value }}\n"
    )
    assert (skipped(), unreadable()) == ([], [])
    assert [rule.alert for rule in outcome().estate.alerts] == ["A"]


def test_links_that_lead_in_a_circle_or_nowhere_are_told() -> None:
    Path("loop.yaml").symlink_to("loop.yaml")
    Path("gone.yaml").symlink_to("nothing")
    Path("folder").mkdir()
    Path("folder/up").symlink_to("..", target_is_directory=True)
    assert unreadable() == [("loop.yaml:1", "This link leads back to itself")]
    assert ("folder/up:1", "it is a link to a folder") in skipped()
    assert ("gone.yaml:1", "its link leads nowhere") in skipped()
    with pytest.raises(BadInput, match=r"symbolic link loop\.yaml leads back to itself"):
        outcome("loop.yaml")


def test_a_file_and_the_link_to_it_are_read_once() -> None:
    Path("a.yaml").write_text(SCALER)
    Path("b.yaml").symlink_to("a.yaml")
    assert rule_ids() == ["SC004"]
    assert rule_ids("b.yaml", "a.yaml") == ["SC004"]


def test_pipes_sockets_and_devices_are_skipped_without_waiting() -> None:
    os.mkfifo("pipe.yaml")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.yaml")
        assert [one[1] for one in skipped(".", "/dev/zero")] == ["it is no regular file (a device, a pipe or a socket)"] * 3


def test_a_large_file_is_skipped_and_not_read_into_memory() -> None:
    with Path("big.yaml").open("wb") as stream:
        stream.truncate(5 * 1024**3)
    assert skipped() == [("big.yaml:1", "it is larger than 4 MB")]


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told() -> None:
    Path("a.yaml").write_text(SCALER)
    Path("a.yaml").chmod(0)
    Path("b").mkdir(mode=0)
    assert [one[1] for one in unreadable()] == [
        "This cannot be read: Permission denied",
        "This folder cannot be read: Permission denied",
    ]


def test_a_file_that_vanishes_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.yaml").write_text(SCALER)
    found = read([Path()], progress=lambda name: Path(name).unlink())
    assert [one.why for one in found.found.skipped] == ["it vanished while the others were read"]


def test_what_git_ignores_and_the_configuration_excludes_is_named(here: Path) -> None:
    os.system("git init -q . && git config user.email a@b && git config user.name a")
    Path(".gitignore").write_text("out/\n*.gen.yaml\n")
    for name in ("out/a.yaml", "b.gen.yaml", "tests/deep/c.yaml", "keep/d.yaml"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(SCALER)
    found = outcome(exclude=("tests",)).estate
    assert [str(file.path) for file in found.found.files] == ["keep/d.yaml"]
    assert {(str(one.place.path), one.why) for one in found.found.skipped} == {
        ("out", "git ignores it"),
        ("b.gen.yaml", "git ignores it"),
        ("tests", "the configuration excludes it"),
    }


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("tests", True), ("a/tests", False), ("**/deep/*.yaml", True), ("tests/*.yaml", False), ("tests/**", True),
        ("c.yaml", True), ("?.yaml", True), ("/tests/", True), ("est", False),
    ],
)  # fmt: skip
def test_globs_are_those_of_gitignore(pattern: str, fits: bool) -> None:
    Path("tests/deep").mkdir(parents=True)
    Path("tests/deep/c.yaml").write_text(SCALER)
    assert bool(outcome(exclude=(pattern,)).estate.found.files) != fits


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("manifest", SCALER),
        ("list.txt", "apiVersion: v1\nkind: List\nitems:\n- " + SCALER.replace("\n", "\n  ").rstrip() + "\n"),
        ("a.json", '{"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "crm"}, "spec": {'
                   '"maxReplicaCount": 6, "triggers": [{"type": "cron", "metadata": {"desiredReplicas": "8"}}]}}'),
        ("many.yml", "---\n# Source: x/templates/a.yaml\nkind: ConfigMap\napiVersion: v1\n---\n" + SCALER + "---\n"),
        ("rendered.conf", SCALER),
    ],
)  # fmt: skip
def test_artefacts_are_recognised_by_what_is_in_them(name: str, text: str) -> None:
    Path(name).write_text(text)
    assert rule_ids() == ["SC004"]


def test_sources_of_programs_are_not_taken_for_artefacts() -> None:
    Path("a.py").write_text(f'TEXT = """\n{SCALER}"""\n')
    assert rule_ids() == []


def test_a_file_that_takes_too_long_is_told_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.validate.reading import recognise

    def slow(text: TextFile, found: Found) -> None:
        while True:
            re.match(r"(a+)+b", "a" * 40)

    monkeypatch.setattr(recognise, "MOST_SECONDS", 0.1)
    monkeypatch.setattr(recognise, "read_markdown", slow)
    Path("a.md").write_text("# A\n")
    Path("b.yaml").write_text(SCALER)
    assert unreadable() == [("a.md:1", "Reading this takes longer than 0.1 s, so the rest of it is not known")]
    assert rule_ids() == ["SC004"]


def test_a_page_on_which_a_reader_of_prose_breaks_is_told_of_and_the_others_are_read(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(context: Context) -> Iterator[Promise]:
        if context.page.file.path.name == "odd.md":
            raise ZeroDivisionError("division by zero")
        yield from ()

    monkeypatch.setattr(prose, "READERS", (breaks, *prose.READERS))
    for name in ("odd.md", "even.md"):
        (here / name).write_text("# Runbook\n\nThe season lasts from 1 September to 15 October.\n", encoding="utf-8")
    assert unreadable() == [("odd.md:1", "What this page promises cannot be read: ZeroDivisionError: division by zero")]
    assert {promise.place.path.name for promise in read([Path()]).promises} == {"even.md"}
