"""Files of features and runs, looked at with all measures."""

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
from eigenview.inspect.rank_agreement import Agreement, Readings, agreements, mean_ranks, rank_inputs
from eigenview.measures import CATALOGUE, ESSENTIAL, RECOMMENDED, WHY_RECOMMENDED, MeasureResult, panel
from eigenview.runs import Run
from eigenview.runs.probes import probe_table
from eigenview.views import ViewPolicy

PROBES = ("linear", "kNN")


@dataclass(frozen=True)
class Inspected:
    """One file or run.

    Args:
        name: what a table calls it.
        path: as it was given.
        kind: `file` or `run`.
        step: of the checkpoint.
        clouds: `features`, and of a run with a projector `embeddings`: [N, D] or [K, P, D].
        readings: of each cloud.
        probes: accuracies on features, by probe, where they were run.
    """

    name: str
    path: str
    kind: str
    step: int | None
    clouds: dict[str, Tensor]
    readings: dict[str, list[MeasureResult]]
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
    """Takes measures of files and runs. Several runs are looked at under the views of the first.

    Args:
        sources: files of features, and directories of runs.
        data: images to see runs with; by default what each was trained on.
        P: samples a run is seen with.
        K: views of each; by default as many as the runs were trained with, at least 4.
        seed: of samples, views and rows that are drawn.
        console: where to show progress.
        every: all measures, else the essential and the recommended ones.

    Raises:
        UsageError: none is given, or one cannot be read.
    """
    if not sources:
        raise UsageError("name a file of features or a run to inspect: eigenview inspect FEATURES|RUN [more …]")
    console = console or Console(quiet=True)
    recipes = [Run.open(source).recipe for source in sources if _is_run(source)]
    if data is not None and not recipes:
        raise UsageError("--data is for runs: a file's features are what they are")
    policy = recipes[0].views.policy if recipes else None
    K = max([FEWEST_VIEWS, *(recipe.views.K for recipe in recipes)]) if K is None else K
    names = [source.name for source in sources]
    if len(set(names)) < len(names):
        names = [str(source) for source in sources]
    found = []
    for name, source in zip(names, sources, strict=True):
        run = Run.open(source) if _is_run(source) else None
        clouds = _of_run(source, P, K, policy, data, seed, console) if run else {"features": read_features(source).rows}
        readings = _readings(name, clouds, seed, console, every)
        step = int(run.last_checkpoint.name.split("-")[-1]) if run and run.last_checkpoint else None
        probes = _probes(run) if run else {}
        found.append(Inspected(name, str(source), "run" if run else "file", step, clouds, readings, probes))
    return found


def as_json(found: Sequence[Inspected]) -> dict[str, Any]:
    """What was found, as plain values for scripts."""
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
                    "readings": [{**asdict(reading), "verdict": reading.verdict} for reading in readings],
                }
                for group, readings in one.readings.items()
            },
        }
        for one in found
    ]
    if len(found) == 1:
        return {"version": 1, "inputs": inputs, "ranked_by": None, "why": None, "mean_ranks": None, "agreement": None}
    readings = all_readings(found)
    by, why = ranked_by(readings)
    return {
        "version": 1,
        "inputs": inputs,
        "ranked_by": [{"cloud": cloud, "measure": measure} for cloud, measure in by],
        "why": why,
        "mean_ranks": mean_ranks(readings, by),
        "agreement": [a._asdict() for a in agreement_with_probes(found)],
    }


def ranked_by(readings: Sequence[Readings]) -> tuple[list[tuple[str, str]], str]:
    """Clouds and measures by which inputs are ranked, and why: the recommended ones, else all, that all inputs have."""
    shared = [key for key, found in rank_inputs(readings).items() if None not in found]
    recommended = [(cloud, measure) for measure, cloud in RECOMMENDED if (cloud, measure) in shared]
    if recommended:
        return recommended, WHY_RECOMMENDED
    return shared, "all that every input has, since it lacks those that are recommended"


def all_readings(found: Sequence[Inspected]) -> list[dict[tuple[str, str], MeasureResult]]:
    """For each input, its readings by cloud and measure; without a projector, embeddings are the features.

    A measure without a good end in general has the end that is recommended.
    """
    return [
        {
            (group, reading.measure): _with_an_end(reading, group)
            for group in ("features", "embeddings")
            if group in one.readings or one.kind == "run"
            for reading in one.readings.get(group, one.readings["features"])
        }
        for one in found
    ]


def _with_an_end(reading: MeasureResult, group: str) -> MeasureResult:
    end = RECOMMENDED.get((reading.measure, group))
    return replace(reading, better=end) if reading.better == "neither" and end else reading


def agreement_with_probes(found: Sequence[Inspected]) -> list[Agreement]:
    """How each measure's values go with the accuracies of each probe."""
    readings = all_readings(found)
    return [a for probe in PROBES for a in agreements(readings, [one.probes.get(probe) for one in found], probe)]


def _is_run(source: Path) -> bool:
    return (source / "recipe.yaml").exists()


def _of_run(
    source: Path, P: int, K: int, policy: ViewPolicy | None, data: str | None, seed: int, console: Console
) -> dict[str, Tensor]:
    seen = extract_view_features(source, P, K, policy, data, seed, console)
    return {"features": seen.h} if seen.z is seen.h else {"features": seen.h, "embeddings": seen.z}


def _readings(
    name: str, clouds: dict[str, Tensor], seed: int, console: Console, every: bool
) -> dict[str, list[MeasureResult]]:
    shown = (*ESSENTIAL, *(measure for measure, _ in RECOMMENDED))
    catalogue = [listed for listed in CATALOGUE if every or listed.name in shown]
    with track(f"measuring {name}", len(clouds) * len(catalogue), console) as progress:
        done = count()

        def begin(group: str, measure: str) -> None:
            progress.update(f"measuring {name}: {measure.replace('_', ' ')} of {group}", next(done))

        return {
            group: panel(cloud, catalogue, seed=seed, progress=partial(begin, group)) for group, cloud in clouds.items()
        }


def _probes(run: Run) -> dict[str, float]:
    rows = {row.probe: row.features for row in probe_table(run.metrics)}
    return {probe: float(accuracy) for probe in PROBES if (accuracy := rows.get(probe)) is not None}
