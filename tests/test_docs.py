"""The docs say what the code says: generated tables, and counts of things."""

import ast
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
def test_no_page_of_the_docs_counts_the_measures(page):
    """Who adds one would have to find the number; the README's is that of a benchmark that was run."""
    assert page.name == "README.md" or not re.search(r"\b\d{2,}\s+measures\b", page.read_text())


def python_blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)


def missing_names(code: str) -> list[str]:
    """The names of eigenview that code imports, or takes from a module that it imported, and that do not exist."""
    missing, modules = [], {}
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name: importlib.import_module(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("eigenview"):
            source = importlib.import_module(node.module or "")
            for alias in node.names:
                found = getattr(source, alias.name, None)
                missing += [f"{node.module}.{alias.name}"] if found is None else []
                modules |= {alias.name: found} if isinstance(found, ModuleType) else {}
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id)
            missing += [ast.unparse(node)] if module is not None and not hasattr(module, node.attr) else []
    return missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_in_code_exist(page):
    assert [name for code in python_blocks(page) for name in missing_names(code)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_of_files_exist(page):
    prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    named = re.findall(r"`([a-z]+/[a-z_/]+\.(?:py|pyi|md))`", prose)
    linked = re.findall(r"\]\(([\w/.-]+\.\w+)", prose)
    places = ROOT, ROOT / "src" / "eigenview"
    assert [name for name in named if not any((place / name).exists() for place in places)] == []
    assert [name for name in linked if not (page.parent / name).exists()] == []


def test_a_name_that_is_gone_is_found():
    code = "from eigenview.theory import landscape\nlandscape.gone(1)\nfrom eigenview.runs import look\n"
    assert missing_names(code) == ["eigenview.runs.look", "landscape.gone"]
