"""What measures say of several runs: who is best by each, and whether that is what labels say."""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import NamedTuple

import numpy as np
from scipy.stats import spearmanr

from eigenview.measures import MeasureResult, best_to_worst

Readings = Mapping[tuple[str, str], MeasureResult]
FEW = 5


class Agreement(NamedTuple):
    """Spearman's rank correlation of a measure with a probe's accuracy over n runs; its p-value is two-sided."""

    cloud: str
    measure: str
    better: str
    probe: str
    correlation: float
    p_value: float
    n: int


def rank_inputs(readings: Sequence[Readings]) -> dict[tuple[str, str], list[float | None]]:
    """For every cloud and measure with a good end, each input's rank; 1 is the best."""
    keys = dict.fromkeys(key for one in readings for key in one)
    all_ranks = {key: best_to_worst([one.get(key) for one in readings]) for key in keys}
    return {key: found for key, found in all_ranks.items() if sum(rank is not None for rank in found) > 1}


def mean_ranks(readings: Sequence[Readings], by: Sequence[tuple[str, str]]) -> list[float | None]:
    """Each input's mean rank over some clouds' measures that all inputs have; None where there is none."""
    found_by = rank_inputs(readings)
    shared = [found_by[key] for key in by if None not in found_by.get(key, [None])]
    columns = zip(*shared, strict=True) if shared else [()] * len(readings)
    return [mean(rank for rank in column if rank is not None) if column else None for column in columns]


def agreements(readings: Sequence[Readings], accuracies: Sequence[float | None], probe: str) -> list[Agreement]:
    """How each measure's values go with accuracies, strongest first; of three inputs at least.

    Args:
        readings: of each input.
        accuracies: of each input; None where the probe was not run.
        probe: its name.
    """
    found = []
    for cloud, measure in dict.fromkeys(key for one in readings for key in one):
        pairs = [
            (reading, accuracy)
            for one, accuracy in zip(readings, accuracies, strict=True)
            if (reading := one.get((cloud, measure))) and reading.value is not None and accuracy is not None
        ]
        values, known = [reading.value for reading, _ in pairs], [accuracy for _, accuracy in pairs]
        if len(pairs) < 3 or len(set(values)) == 1 or len(set(known)) == 1:
            continue
        correlation, p_value = np.asarray(spearmanr(values, known), float).tolist()
        found.append(Agreement(cloud, measure, pairs[0][0].better, probe, correlation, p_value, len(pairs)))
    return sorted(found, key=lambda agreement: -abs(agreement.correlation))
