"""The list of measures, and what is recommended of it."""

import re
from pathlib import Path

import pytest

from eigenview import measures
from eigenview.measures import CATALOGUE, ESSENTIAL, RECOMMENDED

TABLE = Path(__file__).parents[2] / "benchmarks" / "label_free.md"


def correlations() -> dict[tuple[str, str], tuple[float, float, float]]:
    """The committed table: by measure and space, the correlation under the same views and its interval."""
    number = r"([+\N{MINUS SIGN}]\d\.\d\d)"
    line = re.compile(rf"\| `(\w+)` of (\w+) \|.*\| {number} \[{number}, {number}\] \|[^|]*\|$")
    found = [match.groups() for match in map(line.match, TABLE.read_text().splitlines()) if match]
    values: dict[tuple[str, str], tuple[float, float, float]] = {}
    for measure, space, *numbers in found:
        correlation, low, high = (float(each.replace("\N{MINUS SIGN}", "-")) for each in numbers)
        values[measure, space] = correlation, low, high
    return values


def test_every_measure_is_spec_once_by_its_public_name():
    names = [spec.name for spec in CATALOGUE]
    assert len(set(names)) == len(names)
    assert all(getattr(measures, spec.name) is spec.function for spec in CATALOGUE)
    assert set(ESSENTIAL) | {measure for measure, _ in RECOMMENDED} <= set(names)


@pytest.mark.parametrize(("key", "end"), RECOMMENDED.items(), ids=str)
def test_what_is_recommended_is_what_the_committed_table_says(key, end):
    table = correlations()
    correlation, low, high = table[key]
    assert (correlation > 0) == (end == "high")
    assert low * high > 0
    strongest = sorted((abs(each) for each, _, _ in table.values()), reverse=True)
    assert abs(correlation) >= strongest[len(RECOMMENDED) - 1]
