"""Measures of features in files and of runs, and what several inputs are ranked by."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from rich.console import Console
from torch import Tensor

from eigenview._errors import UsageError
from eigenview._progress import track
from eigenview.inspect import FEWEST_VIEWS, extract_view_features, read_features
from eigenview.inspect.rank_agreement import Agreement, Results, agreements, mean_ranks, rank_inputs
from eigenview.measures import CATALOGUE, ESSENTIAL, RECOMMENDED, WHY_RECOMMENDED, MeasureResult, panel
from eigenview.runs import Run
from eigenview.runs.probes import probe_table
from eigenview.views import ViewPolicy

PROBES = ("linear", "kNN")


@dataclass(frozen=True)
class Inspected:
    """The measures of one input.

    Args:
        name: the input's name in tables.
        path: the input's path as it was given.
        kind: `file` or `run`.
        step: the step of the run's checkpoint; None for a file.
        clouds: `features`, and `embeddings` of a run with a projector: [N, D] or [K, P, D].
        results: the measures of each cloud.
        probes: accuracies on features by probe, where probes were run.
    """

    name: str
    path: str
    kind: str
    step: int | None
    clouds: dict[str, Tensor]
    results: dict[str, list[MeasureResult]]
    probes: dict[str, float]


def inspect(
    sources: Sequence[Path],
    data: str | None = None,
    P: int = 1000,
    K: int | None = None,
    seed: int = 0,
    console: Console | None = None,
    every: bool = True,
) -> list[Inspected]:
    """Measures features in files and of runs. All runs are evaluated on views of the first run's policy.

    Args:
        sources: files of features, and directories of runs.
        data: images to evaluate runs on; by default those that each was trained on.
        P: samples to evaluate each run on.
        K: views of each sample; by default as many as the runs were trained with, at least 4.
        seed: for sampling images, views and rows.
        console: where to show progress.
        every: take all measures, not only the essential and the recommended ones.

    Raises:
        UsageError: no source is given, or one cannot be read.
    """
    if not sources:
        raise UsageError("nothing to inspect: pass files of features or runs, as in eigenview inspect FEATURES|RUN ...")
    console = console or Console(quiet=True)
    recipes = [Run.open(source).recipe for source in sources if _is_run(source)]
    if data is not None and not recipes:
        raise UsageError(
            "--data sets the images that runs are evaluated on, but no run was given: omit --data for files of features"
        )
    policy = recipes[0].views.policy if recipes else None
    K = max([FEWEST_VIEWS, *(recipe.views.K for recipe in recipes)]) if K is None else K
    names = [source.name for source in sources]
    if len(set(names)) < len(names):
        names = [str(source) for source in sources]
    found = []
    for name, source in zip(names, sources, strict=True):
        run = Run.open(source) if _is_run(source) else None
        clouds = _of_run(source, P, K, policy, data, seed, console) if run else {"features": read_features(source).rows}
        results = _measure(name, clouds, seed, console, every)
        step = int(run.last_checkpoint.name.split("-")[-1]) if run and run.last_checkpoint else None
        probes = _probes(run, console) if run else {}
        found.append(Inspected(name, str(source), "run" if run else "file", step, clouds, results, probes))
    return found


def as_json(found: Sequence[Inspected]) -> dict[str, Any]:
    """Measures, ranks and agreement with probes as plain values for scripts."""
    inputs = [
        {
            "name": one.name,
            "path": one.path,
            "kind": one.kind,
            "step": one.step,
            "probes": one.probes,
            "clouds": {
                group: {
                    "shape": list(one.clouds[group].shape),
                    "results": [{**asdict(result), "verdict": result.verdict} for result in results],
                }
                for group, results in one.results.items()
            },
        }
        for one in found
    ]
    if len(found) == 1:
        return {"version": 1, "inputs": inputs, "ranked_by": None, "why": None, "mean_ranks": None, "agreement": None}
    results = all_results(found)
    by, why = ranked_by(results)
    return {
        "version": 1,
        "inputs": inputs,
        "ranked_by": [{"cloud": cloud, "measure": measure} for cloud, measure in by],
        "why": why,
        "mean_ranks": mean_ranks(results, by),
        "agreement": [a._asdict() for a in agreement_with_probes(found)],
    }


def ranked_by(results: Sequence[Results]) -> tuple[list[tuple[str, str]], str]:
    """Clouds and measures to rank inputs by, and why: of those that all inputs have, the recommended ones, else all."""
    shared = [key for key, found in rank_inputs(results).items() if None not in found]
    recommended = [(cloud, measure) for measure, cloud in RECOMMENDED if (cloud, measure) in shared]
    if recommended:
        return recommended, WHY_RECOMMENDED
    return shared, "all measures that every input has, since the recommended measures are missing"


def all_results(found: Sequence[Inspected]) -> list[dict[tuple[str, str], MeasureResult]]:
    """Each input's results by cloud and measure; without a projector, embeddings are the features.

    A measure that has no good end in general gets the recommended one.
    """
    return [
        {
            (group, result.measure): _with_an_end(result, group)
            for group in ("features", "embeddings")
            if group in one.results or one.kind == "run"
            for result in one.results.get(group, one.results["features"])
        }
        for one in found
    ]


def _with_an_end(reading: MeasureResult, group: str) -> MeasureResult:
    end = RECOMMENDED.get((reading.measure, group))
    return replace(reading, direction=end) if reading.direction is None and end else reading


def agreement_with_probes(found: Sequence[Inspected]) -> list[Agreement]:
    """Rank correlations of each measure with the accuracies of each probe."""
    results = all_results(found)
    return [a for probe in PROBES for a in agreements(results, [one.probes.get(probe) for one in found], probe)]


def _is_run(source: Path) -> bool:
    return (source / "recipe.yaml").exists()


def _of_run(
    source: Path, P: int, K: int, policy: ViewPolicy | None, data: str | None, seed: int, console: Console
) -> dict[str, Tensor]:
    views = extract_view_features(source, P, K, policy, data, seed, console)
    return {"features": views.h} if views.z is views.h else {"features": views.h, "embeddings": views.z}


def _measure(
    name: str, clouds: dict[str, Tensor], seed: int, console: Console, every: bool
) -> dict[str, list[MeasureResult]]:
    shown = (*ESSENTIAL, *(measure for measure, _ in RECOMMENDED))
    catalogue = [spec for spec in CATALOGUE if every or spec.name in shown]
    with track(f"measuring {name}", len(clouds) * len(catalogue), console) as progress:
        done = count()

        def begin(group: str, measure: str) -> None:
            progress.update(f"measuring {name}: {measure.replace('_', ' ')} of {group}", next(done))

        return {
            group: panel(cloud, catalogue, seed=seed, progress=partial(begin, group)) for group, cloud in clouds.items()
        }


def _probes(run: Run, console: Console) -> dict[str, float]:
    history = run.history
    if history.skipped:
        console.print(f"{run.path}: {history.skipped_summary}", markup=False, soft_wrap=True)
    rows = {row.probe: row.features for row in probe_table(history)}
    return {probe: float(accuracy) for probe in PROBES if (accuracy := rows.get(probe)) is not None}
