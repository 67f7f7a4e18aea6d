"""Profiles as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.traffic.profile import Profile, load_profile

PROFILES = Path(__file__).parents[2] / "profiles"
SEASONS = ["oktoberfest", "spargel", "weihnachten"]


@pytest.mark.parametrize("season", SEASONS)
def test_a_shipped_profile_is_complete_and_mostly_reads(season) -> None:
    profile = load_profile(PROFILES / f"{season}.yaml")
    assert profile.season == season
    assert set(profile.territories) == {"DE", "CH", "AT"}
    reads = sum(o.weight for o in profile.operations.values() if o.component == "queries")
    assert reads / sum(profile.mix().values()) == pytest.approx(0.85)


@pytest.mark.parametrize(("season", "factor"), [("spargel", 3), ("oktoberfest", 4), ("weihnachten", 5)])
def test_the_season_peaks_where_the_contract_says(season, factor) -> None:
    profile = load_profile(PROFILES / f"{season}.yaml")
    assert profile.peak == factor
    assert profile.rates(factor)["DE"] == factor * profile.rates(1)["DE"]


def test_a_territory_with_a_peak_of_its_own_gets_there_in_proportion() -> None:
    profile = load_profile(PROFILES / "oktoberfest.yaml")
    assert profile.rates(4) == {"DE": 80, "CH": 12, "AT": 24}
    assert profile.rates(2.5) == {"DE": 50, "CH": 9, "AT": 16}
    assert profile.rates(0.5) == {"DE": 10, "CH": 3, "AT": 4}
    assert profile.rates(0) == {"DE": 0, "CH": 0, "AT": 0}


def test_bavaria_comes_first_at_oktoberfest() -> None:
    preferred = load_profile(PROFILES / "oktoberfest.yaml").territories["DE"].preferred
    assert preferred is not None
    assert "München" in preferred.cities
    assert preferred.share == 0.7


def test_an_operation_goes_to_the_workload_of_its_component() -> None:
    profile = load_profile(PROFILES / "oktoberfest.yaml")
    assert profile.workload_of("read_order", "AT") == "crm-queries-at"
    assert profile.workload_of("place_order", "DE") == "crm-commands-de"
    assert profile.workloads("CH") == ["crm-commands-ch", "crm-queries-ch"]


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("weight: 30", "wieght: 30", "did you mean 'weight'?"),
        ("weight: 30", "weight: 0", "greater than 0"),
        ("timeout: 5s", "timeout: 5 seconds", "expected a duration"),
        ("timeout: 5s", "timeout: 2m", "between 1ms and 60s"),
        ("share: 70 %", "share: 70", "expected a share"),
        ("component: queries", "component: query", "operations.read_customer.component"),
        ("rate_per_second: 20", "rate_per_second: -20", "greater than or equal to 0"),
        ("    peak: 4\n", "    peak: 9\n", "above the season's peak"),
        ("{territory}", "{country}", "not {country}"),
        ("file: crm.py", "file: crn.py", "There is no behaviour"),
        ("class: Crm", "class: Crn", "has no class 'Crn'"),
        ("read_customer:", "read_costumer:", "'read_costumer' is no method of Crm"),
        ("read_customer:", "learn:", "'learn' is no method of Crm"),
        ("season: oktoberfest", "season: oktoberfest\nseason: x", "given twice"),
        ("arrivals: poisson", "arrivals: random", "'poisson' or 'even'"),
    ],
)
def test_a_slip_is_named_with_its_line(tmp_path, before, after, sentence) -> None:
    text = (PROFILES / "oktoberfest.yaml").read_text()
    assert before in text
    (tmp_path / "crm.py").write_text((PROFILES / "crm.py").read_text())
    path = tmp_path / "slip.yaml"
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(BadInput) as caught:
        load_profile(path)
    assert sentence in str(caught.value)
    assert f"{path}:" in str(caught.value)
    line = int(str(caught.value).split(f"({path}:")[1].split(")")[0])
    if "peak" not in before and "twice" not in sentence:  # a rule about the whole stands at its top
        assert after.strip() in path.read_text().splitlines()[line - 1]


def test_a_behaviour_that_is_no_python_is_named_with_its_line(tmp_path) -> None:
    (tmp_path / "oktoberfest.yaml").write_text((PROFILES / "oktoberfest.yaml").read_text())
    (tmp_path / "crm.py").write_text("x = 1\nclass Crm:\n  def (self): pass\n")
    with pytest.raises(BadInput, match=r"not valid Python.*crm\.py:3"):
        load_profile(tmp_path / "oktoberfest.yaml")


def test_every_key_of_a_profile_is_described_for_editors() -> None:
    schema = Profile.model_json_schema()
    models = [schema, *schema["$defs"].values()]
    assert [
        name for model in models for name, field in model.get("properties", {}).items() if "description" not in field
    ] == []
