"""Ranks of several inputs by each measure, and rank correlations of measures with probe accuracies."""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import NamedTuple

import numpy as np
from scipy.stats import spearmanr

from eigenview.measures import MeasureResult, best_to_worst
from eigenview.measures.spec import Direction

Results = Mapping[tuple[str, str], MeasureResult]
FEW = 5  # inputs; a rank correlation of fewer means little


class Agreement(NamedTuple):
    """Spearman's rank correlation of a measure with a probe's accuracy over n inputs; the p-value is two-sided."""

    cloud: str
    measure: str
    direction: Direction
    probe: str
    correlation: float
    p_value: float
    n: int


def rank_inputs(results: Sequence[Results]) -> dict[tuple[str, str], list[float | None]]:
    """Each input's rank by every cloud and measure that has a good end; 1 is the best."""
    keys = dict.fromkeys(key for one in results for key in one)
    all_ranks = {key: best_to_worst([one.get(key) for one in results]) for key in keys}
    return {key: found for key, found in all_ranks.items() if sum(rank is not None for rank in found) > 1}


def mean_ranks(results: Sequence[Results], by: Sequence[tuple[str, str]]) -> list[float | None]:
    """Each input's mean rank by those of some clouds and measures that all inputs have; None if they share none."""
    found_by = rank_inputs(results)
    shared = [found_by[key] for key in by if None not in found_by.get(key, [None])]
    columns = zip(*shared, strict=True) if shared else [()] * len(results)
    return [mean(rank for rank in column if rank is not None) if column else None for column in columns]


def agreements(results: Sequence[Results], accuracies: Sequence[float | None], probe: str) -> list[Agreement]:
    """Rank correlations of each measure with accuracies, strongest first; at least three inputs are needed.

    Args:
        results: each input's, by cloud and measure.
        accuracies: each input's; None where the probe was not run.
        probe: the probe's name.
    """
    found = []
    for cloud, measure in dict.fromkeys(key for one in results for key in one):
        pairs = [
            (result, accuracy)
            for one, accuracy in zip(results, accuracies, strict=True)
            if (result := one.get((cloud, measure))) and result.value is not None and accuracy is not None
        ]
        values, known = [result.value for result, _ in pairs], [accuracy for _, accuracy in pairs]
        if len(pairs) < 3 or len(set(values)) == 1 or len(set(known)) == 1:
            continue
        correlation, p_value = np.asarray(spearmanr(values, known), float).tolist()
        found.append(Agreement(cloud, measure, pairs[0][0].direction, probe, correlation, p_value, len(pairs)))
    return sorted(found, key=lambda agreement: -abs(agreement.correlation))
