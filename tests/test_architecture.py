"""The house holds: every import goes down its floors."""

import ast
from pathlib import Path

import eigenview

ROOT = Path(eigenview.__file__).parent

# From the roof down; what stands on one line shares a floor, and its names do not import each other.
FLOORS = [
    {"cli"},
    {"papers"},
    {"training"},
    {"monitor", "report"},
    {"alarms", "inspect"},
    {"predict"},
    {"runs", "plotting"},
    {"config"},
    {"data", "nets"},
    {"views", "theory"},
    {"objectives", "measures"},
    {"linalg"},
    {"distributed"},
    {"_names"},
    {"_errors"},
]
DEPTH = {name: depth for depth, floor in enumerate(FLOORS) for name in floor}


def floor_of(file: Path) -> str:
    return file.relative_to(ROOT).with_suffix("").parts[0]


def imported_floors(file: Path) -> set[str]:
    """The names right below `eigenview` that a file imports, anywhere in it."""
    package = ("eigenview", *file.relative_to(ROOT).parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base += tuple((node.module or "").split(".")) if node.module else ()
            found |= {(*base, alias.name) for alias in node.names}
    return {path[1] for path in found if path[0] == "eigenview" and len(path) > 1}


def violations(file: Path) -> list[str]:
    here = floor_of(file)
    # What the package itself offers (`train`, `load`) comes from a floor too, so it counts as being above all.
    above = [name for name in imported_floors(file) if name != here and DEPTH.get(name, -1) <= DEPTH[here]]
    return [f"{file.relative_to(ROOT)} imports {name}" for name in above]


def source_files() -> list[Path]:
    files = [file for file in sorted(ROOT.rglob("*.py*")) if file.suffix in (".py", ".pyi")]
    return [file for file in files if file.parent != ROOT or file.stem != "__init__"]


def test_every_floor_is_known():
    found = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert found <= set(DEPTH)


def test_imports_only_go_down():
    assert [line for file in source_files() for line in violations(file)] == []


def test_an_import_up_a_floor_is_found(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    for floor, line in {
        "views": "from eigenview.data import Images",
        "measures": "import eigenview.objectives",
        "linalg": "from ..objectives.base import Objective",
        "runs": "def late():\n    from eigenview import training",
        "nets": "from eigenview import load",
    }.items():
        (tmp_path / floor).mkdir()
        file = tmp_path / floor / "wrong.py"
        file.write_text(line)
        assert len(violations(file)) == 1, line
