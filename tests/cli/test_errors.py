"""Bad input ends with one clear sentence, the right exit code, and never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMOKE = ROOT / "rehearsals" / "smoke.yaml"


def rehearse(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    import os

    command = [sys.executable, "-m", "harness.cli.main", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environ}, capture_output=True, text=True, timeout=60, check=False
    )


def copied(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """The smoke rehearsal with something changed, its paths still right."""
    text = SMOKE.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = tmp_path / "broken.yaml"
    path.write_text(text.replace("../", f"{ROOT}/"))
    return path


def line_of(path: Path, part: str) -> int:
    """The line on which `part` stands, from 1."""
    return path.read_text()[: path.read_text().index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("change", "says", "at"),
    [
        (("lapse: 30", "lapse: fast"), "lapse", "lapse: fast"),
        (("season: oktoberfest", "saison: oktoberfest"), "Unknown key 'saison'; did you mean 'season'?", "saison"),
        (("for: 8s", "for: 8 minutes"), "expected a duration such as 90s", "for: 8 minutes"),
        (("profiles/oktoberfest.yaml", "profiles/nowhere.yaml"), "There is no file", "profile:"),
        (("- at-prewarm", "- at-prewram"), "at-prewram", "at-prewram"),
        (("lapse: 30", "lapse: 30: 40"), "not valid YAML", "lapse:"),
    ],
)
def test_a_broken_rehearsal_is_named_with_file_and_line(
    tmp_path: Path, change: tuple[str, str], says: str, at: str
) -> None:
    path = copied(tmp_path, change)
    done = rehearse("plan", str(path))
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert f"{path}:{line_of(path, at)}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_rehearsal_is_not_run(tmp_path: Path) -> None:
    path = copied(tmp_path, ("for: 8s", "for: 8 minutes"))
    done = rehearse("run", str(path), "--runs", str(tmp_path / "runs"))
    assert done.returncode == 2
    assert f"{path}:{line_of(path, 'for: 8 minutes')}" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_every_error_is_told_at_once(tmp_path: Path) -> None:
    path = copied(tmp_path, ("lapse: 30", "lapse: fast"), ("for: 8s", "for: 8 minutes"))
    assert rehearse("plan", str(path)).stderr.count("error:") == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "nowhere.yaml"], "There is no file nowhere.yaml"),
        (["run", "rehearsals"], "is a folder"),
        (["judge", "no-such-run"], "There is no run 'no-such-run'"),
        (["report", "no-such-run"], "There is no run 'no-such-run'"),
        (["run", str(SMOKE), "--target", "staging"], "There is no target 'staging'"),
        (["logs", "etcd", "--name", "nowhere"], "nowhere"),
        (["plan"], "Missing argument"),
        (["frobnicate"], "No such command"),
    ],
)
def test_what_does_not_exist_is_named(arguments: list[str], says: str) -> None:
    done = rehearse(*arguments)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


TARGETS = """
targets:
  staging:
    context: staging
    prometheus: http://127.0.0.1:9
    alertmanager: http://127.0.0.1:9
    database_env: STAGING_DSN
    receiver_port: 9911
"""

KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: staging, cluster: {server: "https://127.0.0.1:9"}}]
users: [{name: someone, user: {token: none}}]
contexts: [{name: staging, context: {cluster: staging, user: someone}}]
current-context: staging
"""


@pytest.mark.parametrize(
    ("lapse", "environ", "says"),
    [
        ("30", {"STAGING_DSN": "dbname=crm"}, "needs the embedded cluster"),
        ("1", {}, "$STAGING_DSN is not set"),
        ("1", {"STAGING_DSN": "dbname=crm"}, "does not answer"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_refused_in_a_sentence(
    tmp_path: Path, lapse: str, environ: dict[str, str], says: str
) -> None:
    path = copied(tmp_path)
    path.write_text(path.read_text() + TARGETS)
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG)
    arguments = ["run", str(path), "--target", "staging", "--lapse", lapse, "--runs", str(tmp_path / "runs")]
    done = rehearse(*arguments, KUBECONFIG=str(kubeconfig), **environ)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_for_runs_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    taken = tmp_path / "runs"
    taken.write_text("a file")
    done = rehearse("run", str(SMOKE), "--runs", str(taken))
    assert done.returncode == 2
    assert str(taken) in done.stderr
    assert "Traceback" not in done.stderr
