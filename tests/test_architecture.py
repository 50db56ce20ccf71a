"""The house holds: every import goes down its floors, and every name comes from the room that defines it."""

import ast
from collections.abc import Iterator
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
    {"_errors", "_files", "_progress", "_version"},
]
DEPTH = {name: depth for depth, floor in enumerate(FLOORS) for name in floor}
BESIDE = {"testing"}
"""What stands beside the floors: it may import any of them, and none imports it."""
OFFERED = "__init__"
"""The package itself offers names of all floors, so no floor imports from it."""


def parts(module: str) -> tuple[str, ...]:
    return tuple(module.split("."))


def imports(file: Path) -> Iterator[tuple[tuple[str, ...], str | None]]:
    """What a file imports from eigenview, anywhere in it: the module's path below it, and the name taken from it."""
    package = ("eigenview", *file.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found = [(parts(alias.name), None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base += parts(node.module) if node.module else ()
            found = [(base, alias.name) for alias in node.names]
        else:
            continue
        yield from ((path[1:], name) for path, name in found if path[:1] == ("eigenview",))


def room_of(file: Path) -> str:
    return file.relative_to(ROOT).with_suffix("").parts[0]


def rooms_imported(file: Path) -> set[str]:
    """The names right below `eigenview` that a file imports."""
    return {path[0] if path else name or OFFERED for path, name in imports(file)}


def climbs(file: Path) -> list[str]:
    """The imports of a file that do not go down."""
    here = room_of(file)
    if here in BESIDE:
        return []
    above = [name for name in rooms_imported(file) if name != here and DEPTH.get(name, -1) <= DEPTH[here]]
    return [f"{file.relative_to(ROOT)} imports {name}" for name in above]


def defined(file: Path) -> set[str]:
    """The names that a module defines itself; of a package's face, those that it takes from its own modules."""
    names: set[str] = set()
    face = file.name == "__init__.pyi"
    for node in ast.walk(ast.parse(file.read_text())) if not face else ast.parse(file.read_text()).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=targets):
                names |= {leaf.id for target in targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case ast.ImportFrom(level=1) if face:
                names |= {alias.name for alias in node.names}
    return names


def borrowed(file: Path) -> list[str]:
    """The names that a file imports from where they are not defined."""
    wrong = []
    for path, name in imports(file):
        place = ROOT.joinpath(*path)
        module, face = place.with_suffix(".py"), place / "__init__.pyi"
        if name is None or (place / f"{name}.py").exists() or (place / name).is_dir():
            continue
        source = module if module.exists() else face if face.exists() else place / "__init__.py"
        if not source.exists() or name not in defined(source):
            wrong.append(f"{file.relative_to(ROOT)} takes {name} from {'.'.join(path) or 'eigenview'}")
    return wrong


def source_files() -> list[Path]:
    files = [file for file in sorted(ROOT.rglob("*.py*")) if file.suffix in (".py", ".pyi")]
    return [file for file in files if file.parent != ROOT or file.stem not in (OFFERED, "__main__")]


def test_the_floors_are_the_rooms_that_there_are():
    rooms = {path.stem for path in ROOT.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert rooms - {"__pycache__", OFFERED, "__main__"} - BESIDE == set(DEPTH)


def test_imports_only_go_down():
    assert [line for file in source_files() for line in climbs(file)] == []


def test_names_come_from_where_they_are_defined():
    assert [line for file in source_files() for line in borrowed(file)] == []


def test_an_import_up_a_floor_is_found(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    for room, line in {
        "views": "from eigenview.data import Images",
        "theory": "import eigenview.views",
        "measures": "import eigenview.objectives",
        "linalg": "from ..objectives.base import Objective",
        "runs": "def late():\n    from eigenview import training",
        "nets": "from eigenview import load",
        "predict": "from eigenview.testing import ObjectiveTestCase",
    }.items():
        (tmp_path / room).mkdir()
        file = tmp_path / room / "wrong.py"
        file.write_text(line)
        assert len(climbs(file)) == 1, line


def test_a_borrowed_name_is_found(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "linalg").mkdir()
    (tmp_path / "linalg" / "polar.py").write_text("from torch import Tensor\n\ndef polar_factor(): ...\n")
    (tmp_path / "linalg" / "__init__.pyi").write_text("from .polar import polar_factor as polar_factor\n")
    (tmp_path / "views").mkdir()
    file = tmp_path / "views" / "file.py"
    for line, wrong in {
        "from eigenview.linalg import polar_factor": 0,
        "from eigenview.linalg.polar import polar_factor": 0,
        "from eigenview.linalg import polar": 0,
        "from eigenview.linalg import Tensor": 1,
        "from eigenview.linalg.polar import Tensor": 1,
        "from eigenview.linalg import gone": 1,
    }.items():
        file.write_text(line)
        assert len(borrowed(file)) == wrong, line
