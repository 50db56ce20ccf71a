"""The catalogue: what is declared is listed, and what is recommended is what was measured."""

import re
from pathlib import Path
from typing import get_args

import pytest

from eigenview import measures
from eigenview.measures import CATALOGUE, ESSENTIAL, RECOMMENDED
from eigenview.measures.spec import Group

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


def test_every_measure_is_listed_once_and_offered_by_the_package():
    names = [spec.name for spec in CATALOGUE]
    assert len(set(names)) == len(names)
    for spec in CATALOGUE:
        offered = getattr(measures, spec.name, None)
        line = f"from .{spec.function.__module__.split('.')[-1]} import {spec.name} as {spec.name}"
        assert offered is spec.function, f"add to measures/__init__.pyi: {line}"
    assert set(ESSENTIAL) | {name for name, _ in RECOMMENDED} <= set(names)


def test_every_declaration_in_the_package_is_found():
    folder = Path(measures.__path__[0])
    declared = [re.findall(r"^@measure\(", file.read_text(), re.MULTILINE) for file in folder.glob("*.py")]
    assert len(CATALOGUE) == sum(map(len, declared))


@pytest.mark.parametrize("spec", CATALOGUE, ids=lambda spec: spec.name)
def test_a_meaning_is_one_line_of_a_table(spec):
    assert 20 < len(spec.meaning) <= 100
    assert not set("\n|") & set(spec.meaning)
    assert not spec.meaning.endswith(".")


def test_tables_are_in_order_of_groups_the_essential_measures_first():
    places = [(get_args(Group).index(spec.group), not spec.essential, spec.name) for spec in CATALOGUE]
    assert places == sorted(places)
    assert "other" not in {spec.group for spec in CATALOGUE}


@pytest.mark.parametrize(("key", "end"), RECOMMENDED.items(), ids=str)
def test_what_is_recommended_is_what_the_committed_table_says(key, end):
    table = correlations()
    correlation, low, high = table[key]
    assert (correlation > 0) == (end == "high")
    assert low * high > 0
    strongest = sorted((abs(each) for each, _, _ in table.values()), reverse=True)
    assert abs(correlation) >= strongest[len(RECOMMENDED) - 1]
