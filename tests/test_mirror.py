"""Every source file has a test file at the mirrored path, or stands in a list here with its reason."""

from pathlib import Path

import eigenview

ROOT = Path(eigenview.__file__).parent
TESTS = Path(__file__).parent

# Each is tested through the module that uses it, in the test file named.
TESTED_THROUGH = {
    "_errors.py": "every test that expects a UsageError",
    "_names.py": "objectives/test_build.py",
    "_version.py": "cli/test_main.py",
    "alarms/alarm.py": "alarms/test_catalogue.py",
    "alarms/trajectory.py": "alarms/test_engine.py",
    "data/columns.py": "data/test_sources.py",
    "data/decoding.py": "data/test_batches.py",
    "data/files.py": "data/test_sources.py",
    "data/tables.py": "data/test_sources.py",
    "linalg/paired_log_sum_exp.py": "linalg/test_log_sum_exp.py, which compares the two",
    "runs/record_lines.py": "runs/test_records.py",
    "theory/capacity/_checks.py": "theory/capacity/test_budget.py",
    "theory/landscape/hessian_products.py": "theory/landscape/test_hessian.py",
    "theory/landscape/last_layer.py": "theory/landscape/test_hessian.py",
    "theory/landscape/stationary_point.py": "theory/landscape/test_effective_landscape.py",
    "theory/scaling/power_law.py": "theory/scaling/test_fitting.py",
    "theory/scaling/variable_projection.py": "theory/scaling/test_fitting.py",
    "views/transforms.py": "views/test_augment.py",
}

# Rooms whose tests are named by subject so far. Take names out as tests move; add none.
NOT_YET_MIRRORED = {
    "cli": "arguments completion embed paths report reproduce train views",
    "config": "parse sections yaml",
    "inspect": "read_arrays",
    "measures": "_lie_fit reference_clouds spectral_cache",
    "monitor": "buffer capture evaluate hooks schedule writer",
    "objectives": "constraints infonce_variants loss_theory predictor simsiam",
    "plotting": "axes formatting style",
    "predict": "advice feature_maps figure landscape objective_landscape",
    "report": "figures page_header panels view_grid",
    "runs": "embed history load run",
    "testing": "draws experiments objectives",
    "training": "alarm_log build checkpointing dry_run fabric inputs loop nonfinite preflight preparation "
    "probing retrieval_probing run_info",
}
# A paper's experiments are run by `tests/papers/test_<paper>.py`, at the scale of seconds.
BY_PAPER = "papers"


def unmirrored() -> set[str]:
    """Source files, relative to the package, without a test file at the mirrored path."""
    files = [file.relative_to(ROOT) for file in ROOT.rglob("*.py") if not file.name.startswith("__")]
    return {
        file.as_posix() for file in files if not (TESTS / file.parent / f"test_{file.name.removeprefix('_')}").exists()
    }


def test_every_module_has_a_mirrored_test():
    listed = {f"{room}/{name}.py" for room, names in NOT_YET_MIRRORED.items() for name in names.split()}
    found = {file for file in unmirrored() if not file.startswith(f"{BY_PAPER}/")}
    assert sorted(found - listed - set(TESTED_THROUGH)) == []


def test_no_reason_is_out_of_date():
    listed = {f"{room}/{name}.py" for room, names in NOT_YET_MIRRORED.items() for name in names.split()}
    assert sorted((listed | set(TESTED_THROUGH)) - unmirrored()) == []
