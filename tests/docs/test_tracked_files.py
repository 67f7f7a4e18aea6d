"""Nothing in the repository tells of the machine it was made on: no package index of its own, no private path."""

from __future__ import annotations

import configparser
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs.pages import ROOT, tracked

PUBLIC = {"pypi.org", "files.pythonhosted.org", "proxy.golang.org", "sum.golang.org", "repo.maven.apache.org", "localhost"}
SETTINGS = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "GOPROXY")
INDEX_OPTION = re.compile(r"--(?:extra-)?index" + r"-url[ =]|<mirror" + r"Of>|<snapshot" + r"Repository>")
HOME = re.compile(r"(?<![\w.}$/-])/(?:home|Users)/[a-z]")


def index_hosts() -> set[str]:
    """Hosts of the package indexes that this machine is set up for, but for the public ones."""
    texts = [os.environ.get(name, "") for name in SETTINGS]
    for path in (Path("/etc/pip.conf"), Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf"):
        if path.is_file():
            parser = configparser.ConfigParser(interpolation=None)
            parser.read(path)
            texts += [value for section in parser.values() for value in section.values()]
    maven = Path.home() / ".m2/settings.xml"
    if maven.is_file():
        texts += re.findall(r"<url>([^<]+)</url>", maven.read_text(encoding="utf-8"))
    hosts = {urlsplit(word).hostname or "" for text in texts for word in re.split(r"[\s,|]+", text) if "://" in word}
    return {host for host in hosts if host and host not in PUBLIC}


def telling(text: str, hosts: set[str]) -> list[str]:
    """What in a text tells of the machine: hosts of its indexes, options that name one, the repository's own folder."""
    private = {str(path) for path in (ROOT, Path.home()) if len(path.parts) > 2}  # shorter ones mean other things too
    found = [one for one in sorted(hosts | private) if re.search(rf"(?<![\w.-]){re.escape(one)}(?![\w-])", text)]
    return found + [match.group() for pattern in (INDEX_OPTION, HOME) for match in pattern.finditer(text)]


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked():
        try:
            found.append((path, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def test_no_file_tells_of_the_machine_it_was_made_on() -> None:
    hosts = index_hosts()

    assert {str(path.relative_to(ROOT)): found for path, text in texts() if (found := telling(text, hosts))} == {}


@pytest.mark.parametrize("folder", ["work", "root"])
def test_nothing_but_tests_names_a_folder_that_one_machine_has(folder: str) -> None:
    """Tests may: there these are folders within a container."""
    pattern = re.compile(rf"(?<![\w.}}$/-])/{folder}/[\w.-]")
    written = [(path.relative_to(ROOT), text) for path, text in texts()]

    assert [str(path) for path, text in written if path.parts[0] != "tests" and pattern.search(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "pip install --index-" + "url https://mirror.example/simple x",
        "see /ho" + "me/anna/notes",
        "GET https://mirror.example/x",
    ],
)
def test_what_tells_of_a_machine_is_found(text: str) -> None:
    assert telling(text, {"mirror.example"})
