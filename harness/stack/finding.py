"""Programs that are there already: in `--bin-dir`, on PATH, or built before, when their version is the pinned one."""

from __future__ import annotations

import hashlib
import mmap
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

from harness.errors import BadInput
from harness.stack.location import cache_root
from harness.stack.parts import MODULES, Part
from harness.stack.toolchain import Toolchain


def cached(part: Part, toolchain_name: str) -> Path:
    """Where the cache holds a part built with this toolchain, whether or not it is there yet."""
    return cache_root() / "parts" / f"{part.name}-{key(part, toolchain_name)}" / part.name


def key(part: Part, toolchain_name: str) -> str:
    """What decides a build: the pinned modules, the flags, the platform, the Go version."""
    digest = hashlib.sha256()
    for file in ("go.mod", "go.sum"):
        digest.update((MODULES / part.folder / file).read_bytes())
    for text in (part.package, part.tags, part.ldflags, platform.machine(), toolchain_name):
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()[:16]


def find(part: Part, bin_dir: Path | None, toolchains: list[Toolchain]) -> Path | None:
    """The program to use for a part: from `bin_dir`, else from PATH, else from the cache; None when it must be built.

    Raises BadInput when `bin_dir` is no folder.
    """
    if bin_dir is not None:
        if not bin_dir.is_dir():
            raise BadInput(f"There is no folder {bin_dir}; give --bin-dir one that holds the programs.")
        for name in (part.name, *part.aliases):
            program = bin_dir / name
            if _is_program(program) and fits(part, program):
                return program.resolve()
    for toolchain in toolchains:
        program = cached(part, toolchain.name)
        if _is_program(program):
            return program
    on_path = shutil.which(part.name)
    if on_path and fits(part, Path(on_path)):
        return Path(on_path).resolve()
    return None


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def fits(part: Part, program: Path) -> bool:
    """Whether a program is this part in the pinned version, by its build information, else by what it says of itself."""
    built = built_version(program, part.module)
    if built is not None:
        return built == part.pinned_version
    return bool(part.version_args) and stated_version(program, part.version_args) == part.released_version


def built_version(program: Path, module: str) -> str | None:
    """The version of a Go module inside a Go program, read without running it; None where it does not say."""
    pattern = rb"\n(?:dep|mod)\t" + re.escape(module.encode()) + rb"\t(v[^\t\n]+)[\t\n]"
    try:
        with program.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            found = re.search(pattern, content)
            return found.group(1).decode() if found else None
    except (OSError, ValueError):
        return None


def stated_version(program: Path, args: tuple[str, ...]) -> str | None:
    """The first version number that a program prints about itself, with a leading v."""
    try:
        done = subprocess.run([program, *args], capture_output=True, check=False, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\bv?(\d+\.\d+\.\d+)\b", done.stdout + done.stderr)
    return f"v{found.group(1)}" if found else None
