from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.errors import Unavailable
from harness.safety.restore import restore
from harness.safety.undo import Entry, UndoJournal, process_start, safe_name, targets

ROOT = Path(__file__).parents[2]


def entry(name: str = "crm-queries-de", **more: object) -> Entry:
    values = {
        "kind": "scaledobject-triggers",
        "object": {"namespace": "crm", "name": name, "uid": "u"},
        "original": {"triggers": []},
    }
    return Entry(**{**values, "why": "test", "run": "r1", **more})  # type: ignore[arg-type]


def test_an_entry_is_on_the_disk_before_the_change_and_only_this_user_can_read_it(state: Path) -> None:
    journal = UndoJournal("embedded")
    with journal.change(entry()):
        assert json.loads(journal.path.read_text())["op"] == "open"
        assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.path.parent == state
    assert targets() == ["embedded"]


def test_no_change_is_made_where_the_undo_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    changed = False
    with pytest.raises(Unavailable, match="nothing was changed"), UndoJournal("t", tmp_path / "file").change(entry()):
        changed = True
    assert not changed


def test_no_change_is_made_on_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left"), UndoJournal("t").change(entry()):
        pytest.fail("the change was made")


def test_a_change_that_fails_half_way_stays_open() -> None:
    journal = UndoJournal("t")
    with pytest.raises(RuntimeError), journal.change(entry()):
        raise RuntimeError
    assert len(journal.open_entries()) == 1


def test_open_entries_come_newest_first_and_without_the_closed_ones() -> None:
    journal, made = UndoJournal("t"), [entry(name) for name in "abc"]
    for each in made:
        with journal.change(each):
            pass
    journal.close(made[1].id, "done")
    journal.close(made[1].id, "done twice")
    assert [each.object["name"] for each in journal.open_entries()] == ["c", "a"]
    assert journal.open_entries()[0] == made[2]


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_half_written_last_line_is_ignored_and_kept_apart_from_the_next(cut: int) -> None:
    journal = UndoJournal("t")
    for name in "ab":
        with journal.change(entry(name)):
            pass
    raw = journal.path.read_bytes()
    journal.path.write_bytes(raw[:-cut])
    expected = ["b", "a"] if cut == 1 else ["a"]  # only the newline is missing: the line is whole
    assert [each.object["name"] for each in journal.open_entries()] == expected
    with journal.change(entry("c")):
        pass
    assert [each.object["name"] for each in journal.open_entries()] == ["c", *expected]


def test_many_writers_lose_no_entry() -> None:
    def write(name: str) -> None:
        with UndoJournal("t").change(entry(name)):
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, [f"n{i}" for i in range(40)]))
    assert len(UndoJournal("t").open_entries()) == 40


def test_two_restores_do_not_run_at_the_same_time() -> None:
    journal = UndoJournal("t")
    with (
        journal.restoring(),
        pytest.raises(Unavailable, match="Another process is restoring"),
        journal.restoring(wait=False),
    ):
        pytest.fail("both ran")


def test_there_is_nothing_to_restore_without_a_journal(state: Path) -> None:
    assert restore("never-used") == []
    assert not state.exists()


def test_changes_of_a_running_process_are_left_alone() -> None:
    with UndoJournal("t").change(entry(pid=os.getppid(), pid_start=process_start(os.getppid()))):
        pass
    said = restore("t")
    assert [sentence.done for sentence in said] == [False]
    assert "still in use by r1" in said[0]
    assert len(UndoJournal("t").open_entries()) == 1


def test_a_later_process_of_the_same_pid_is_not_the_owner() -> None:
    assert not entry(pid=os.getpid(), pid_start=1).owner_lives
    assert entry().owner_lives


def test_an_ended_embedded_cluster_closes_its_entries(tmp_path: Path) -> None:
    gone = {"kubeconfig": str(tmp_path / "gone"), "context": "c", "embedded": True}
    with UndoJournal("t").change(entry(cluster=gone)):
        pass
    said = restore("t")
    assert [sentence.done for sentence in said] == [True]
    assert "the embedded cluster is gone" in said[0]


def test_a_foreign_cluster_that_does_not_answer_leaves_its_entries_open(tmp_path: Path) -> None:
    from tests.faults.apiserver import CONTEXT, write_kubeconfig

    write_kubeconfig(tmp_path / "dead", "https://127.0.0.1:1")
    for embedded, done in ((False, False), (True, True)):
        away = {"kubeconfig": str(tmp_path / "dead"), "context": CONTEXT, "embedded": embedded}
        with UndoJournal(f"t{embedded}").change(entry(cluster=away)):
            pass
        assert [sentence.done for sentence in restore(f"t{embedded}")] == [done]
    with UndoJournal("lost").change(entry(cluster={"kubeconfig": str(tmp_path / "none"), "embedded": False})):
        pass
    assert not restore("lost")[0].done


def test_a_kind_that_is_not_known_stays_open_with_a_sentence() -> None:
    with UndoJournal("t").change(entry(kind="from-the-future")):
        pass
    assert "does not know changes of kind 'from-the-future'" in restore("t")[0]


@pytest.mark.parametrize(
    ("name", "file"),
    [("embedded", "embedded"), ("arn:aws:eks/prod", "arn_aws_eks_prod"), ("../../etc", "_.._etc"), ("..", "_")],
)
def test_names_of_targets_cannot_leave_the_folder(name: str, file: str) -> None:
    assert safe_name(name) == file


def _restore_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "harness.cli.main", "restore", *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )


def test_the_command_says_when_there_is_nothing_to_do() -> None:
    for arguments in ((), ("--list",), ("--target", "embedded")):
        done = _restore_command(*arguments)
        assert done.returncode == 0, done.stderr
        assert "Nothing to restore" in done.stdout


def test_the_command_lists_and_restores_and_says_what_it_could_not(tmp_path: Path) -> None:
    gone = {"kubeconfig": str(tmp_path / "gone"), "context": "c", "embedded": True}
    for name, cluster in (("good", gone), ("bad", {**gone, "embedded": False})):
        with UndoJournal(name).change(entry(cluster=cluster, pid=2**22 + 1)):
            pass
    listed = _restore_command("--list")
    assert listed.returncode == 0
    assert listed.stdout.count("scaledobject-triggers") == 2
    assert len(UndoJournal("good").open_entries()) == 1

    assert _restore_command("--target", "good").returncode == 0
    done = _restore_command()
    assert done.returncode == 3
    assert "NOT restored" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
