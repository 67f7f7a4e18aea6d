"""Mutated real files and random bytes: no crash, no hang, and the same findings each time."""

from __future__ import annotations

import os
import re
import tempfile
from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.validate.engine import read, validate
from harness.validate.estate import Settings
from tests.validate.examples import ROOT, examples

SETTINGS = Settings(today=date(2026, 9, 1), database=False)
EXAMPLES = int(os.environ.get("REHEARSE_FUZZ", "40"))
SEEDS = sorted(
    {(Path(name).suffix, text) for example in examples() for name, text in example.files.items()}
    | {
        (path.suffix, path.read_text(encoding="utf-8"))
        for folder in ("crm/chart/rules", "crm/sql", "runbooks", "rehearsals", "crm")
        for path in (ROOT / folder).glob("*")
        if path.suffix in (".yaml", ".sql", ".md")
    }
)
ODD = st.sampled_from(
    ["", "null", "~", "-1", "0", "1e309", "-.inf", ".nan", "٣", "99999999999999999999", "[]", "{}", "[a, {b: c}]",
     "&x [*x]", "*x", "<<: {a: b}", "true", "2026-02-30", "31 2 * * *", "* * * * *", "rate(x[0s])", "sum by () (", "$$",
     "💥" * 50, "{{ .Values.x }}", "'", '"', "|", "a: b: c", "- - -", "Europe/Nowhere", "x" * 10_000,
     "1. Sep – 15. Okt", "p95 < ms",
     "\x00", "\t", "\u202e", "```", "# # #", "| | |", "NaN", "0x10", "1:30:00", "--", "<!--", "{", "5m5", "1.000,5 %"]
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, str]:
    """(suffix, text): a real file with some lines gone, doubled, moved, or with odd values."""
    suffix, text = draw(st.sampled_from(SEEDS))
    lines = text.splitlines()
    for _ in range(draw(st.integers(1, 6))):
        if not lines:
            break
        at = draw(st.integers(0, len(lines) - 1))
        how = draw(st.integers(0, 6))
        if how == 0:
            del lines[at]
        elif how == 1:
            lines.insert(at, lines[draw(st.integers(0, len(lines) - 1))])
        elif how == 2:
            lines[at] = re.sub(r"(:\s+|=\s*|-\s+).*", lambda found: found[1] + draw(ODD), lines[at], count=1)
        elif how == 3:
            lines[at] = " " * draw(st.integers(0, 8)) + lines[at].lstrip()
        elif how == 4:
            cut = draw(st.integers(0, len(lines[at])))
            lines[at] = lines[at][:cut] + draw(ODD) + lines[at][cut:]
        elif how == 5:
            lines[at] = re.sub(r"\d+", lambda found: draw(ODD), lines[at], count=1)
        else:
            lines = lines[: at + 1]
    return suffix, "\n".join(lines)


def check(files: list[tuple[str, bytes]]) -> None:
    """Nothing broke, every place is one, and a second look finds the same."""
    with tempfile.TemporaryDirectory() as folder:
        for number, (suffix, data) in enumerate(files):
            (Path(folder) / f"{number}{suffix}").write_bytes(data)
        made = validate(read([Path(folder)]), SETTINGS)
        again = validate(read([Path(folder)]), SETTINGS)
    broken = [one.defect.says for one in made.findings if one.rule == "IN006" or " broke: " in one.defect.says]
    assert not broken, "\n".join([*broken, *map(repr, files)])
    for finding in made.findings:
        for place in (finding.place, *(one.place for one in finding.defect.related)):
            assert place.line >= 1
            assert place.end_column >= place.column >= 1
    assert made.findings == again.findings


@settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES <= 40, suppress_health_check=list(HealthCheck))
@given(st.lists(mutated(), min_size=1, max_size=3))
def test_mutated_real_files_break_nothing(files: list[tuple[str, str]]) -> None:
    check([(suffix, text.encode("utf-8", "surrogatepass")) for suffix, text in files])


@settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES <= 40, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=400), st.sampled_from([".yaml", ".md", ".sql", ".ics", ".json", ""]))
def test_random_bytes_break_nothing(data: bytes, suffix: str) -> None:
    check([(suffix, data)])


@settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES <= 40, suppress_health_check=list(HealthCheck))
@given(st.text(alphabet="# -|*`:[]{}\n\"'<>!aä1%.$\\_~&@?", max_size=300), st.sampled_from([".yaml", ".md", ".sql", ""]))
def test_random_punctuation_breaks_nothing(text: str, suffix: str) -> None:
    check([(suffix, text.encode())])
