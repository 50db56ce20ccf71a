"""The docs say what the code says: generated tables, and counts of things."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from eigenview.measures import CATALOGUE

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


@pytest.fixture(scope="module")
def tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_tables", ROOT / "docs" / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tables_are_what_the_code_gives(page, tables):
    text = page.read_text()
    assert tables.updated(text) == text, "run: python docs/tables.py"


def test_every_table_stands_in_a_page(tables):
    assert set(re.findall(r"<!-- table:([\w-]+) -->", "".join(map(Path.read_text, tables.PAGES)))) == set(tables.TABLES)


def test_a_stale_table_is_made_anew_and_all_else_stays(tables):
    text = "before\n<!-- table:measures -->\nstale\n<!-- /table -->\nafter\n"
    new = tables.updated(text)
    assert new == tables.updated(new) != text
    assert (new.startswith("before\n"), new.endswith("after\n"), "stale" in new) == (True, True, False)
    assert len(re.findall(r"^\| \**`", new, re.MULTILINE)) == len(CATALOGUE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_number_of_measures_is_that_of_the_catalogue(page):
    assert {int(count) for count in re.findall(r"\b(\d{2,})\s+measures\b", page.read_text())} <= {len(CATALOGUE)}


def test_some_page_gives_the_number_of_measures():
    assert any(f"{len(CATALOGUE)} measures" in page.read_text() for page in PAGES)
