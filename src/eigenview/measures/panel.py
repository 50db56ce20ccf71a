"""All measures of the same features together, each calibrated against reference clouds of the same shape."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf, isfinite, log
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.measures.catalogue import CATALOGUE
from eigenview.measures.reference_clouds import reference_values
from eigenview.measures.spec import Direction, MeasureSpec

Verdict = Literal["good", "fair", "bad"]
_GOOD, _BAD = 0.5, 0.2
_APART = 0.05  # of the larger: references closer than that do not separate good from bad
_COUNTS_FROM = 0.5  # counts begin at 1 and are compared by logarithms; distances and shares begin at 0 and are not
_SAME = 0.01  # of the range: references closer than that are at the same end
_RANK = "effective_rank"  # decides whether a cloud is collapsed


@dataclass(frozen=True)
class MeasureResult:
    """One measure's value, and how good it is.

    Args:
        measure: name of the measure.
        meaning: what the measure says, in one line.
        direction: which end is good, `high` or `low`; None where neither is.
        value: None where there is none.
        missing: why there is no value.
        rows: how many rows were measured (samples, where views are needed); None without a value.
        sampled: whether those are a random subset.
        references: the measure's values on the reference clouds, by their names; empty where not asked for.
        position: where the value lies between the worst reference (0) and the best (1), by logarithms where they are
            counts far apart; None where no end is good, references are missing or too close, or there is a doubt.
        doubt: why a favourable value may be misleading.
    """

    measure: str
    meaning: str
    direction: Direction
    value: float | None = None
    missing: str | None = None
    rows: int | None = None
    sampled: bool = False
    references: dict[str, float] = field(default_factory=dict)
    position: float | None = None
    doubt: str | None = None

    @property
    def verdict(self) -> Verdict | None:
        """`good` from half of the way from worst to best, `bad` below a fifth of it; None without a position."""
        if self.position is None:
            return None
        return "good" if self.position >= _GOOD else "bad" if self.position < _BAD else "fair"

    @property
    def ends(self) -> tuple[str, str] | None:
        """Names of the worst and the best reference, between which the verdict is; None where there are none."""
        if self.position is None and self.doubt is None:
            return None
        worst, best = sorted(self.references.values(), reverse=self.direction == "low")[:: len(self.references) - 1]
        return self._named(worst, best), self._named(best, worst)

    def _named(self, value: float, other: float) -> str:
        """The reference at an end; `collapsed` only if it alone is there, up to rounding."""
        near = [name for name, each in self.references.items() if abs(each - value) <= _SAME * abs(other - value)]
        return next((name for name in near if name != "collapsed"), "collapsed")


def panel(
    cloud: Float[Tensor, "N D"] | Float[Tensor, "K P D"],
    catalogue: Sequence[MeasureSpec] = CATALOGUE,
    references: bool = True,
    seed: int = 0,
    progress: Callable[[str], None] = lambda measure: None,
) -> list[MeasureResult]:
    """Evaluates measures of features or embeddings, and judges each by reference clouds of the same shape.

    Measures of rows are given the first view of each sample, so that rows are independent; those whose cost grows with
    the square of the rows are given a random subset of `max_rows`. Where a measure raises, its result says why.

    Args:
        cloud: one row for each sample, or views first.
        catalogue: which measures.
        references: whether to evaluate the measures on reference clouds too, and to judge by these.
        seed: random seed of the subsets.
        progress: called with the name of each measure before it is evaluated.
    """
    return _doubted(list(_results(cloud, catalogue, references, seed, progress)))


def _doubted(results: list[MeasureResult]) -> list[MeasureResult]:
    """Withholds, for a collapsed cloud, the verdict of measures that every collapsed cloud does well by."""
    if not any(result.measure == _RANK and result.verdict == "bad" for result in results):
        return results
    return [
        replace(result, position=None, doubt="uninformative: collapsed features score the same")
        if result.position is not None and _favours_collapse(result)
        else result
        for result in results
    ]


def _favours_collapse(result: MeasureResult) -> bool:
    collapsed, known = result.references.get("collapsed"), list(result.references.values())
    if collapsed is None or result.verdict == "bad":
        return False
    place = _position(collapsed, known, result.direction)
    return place is not None and place >= _GOOD


def _results(
    cloud: Tensor, catalogue: Sequence[MeasureSpec], references: bool, seed: int, progress: Callable[[str], None]
) -> Iterator[MeasureResult]:
    given = {"rows": cloud[0] if cloud.ndim == 3 else cloud}
    if cloud.ndim == 3 and len(cloud) > 1:
        given["views"] = cloud
    shared: dict[Any, Any] = {}
    for spec in catalogue:
        progress(spec.name)
        if spec.needs in given:
            yield _result(spec, given[spec.needs], references, seed, shared)
        else:
            missing = "needs features [K, P, D] with K > 1 views of each sample"
            yield MeasureResult(spec.name, spec.meaning, spec.direction, missing=missing)


def _result(spec: MeasureSpec, cloud: Tensor, references: bool, seed: int, shared: dict[Any, Any]) -> MeasureResult:
    subset = _subset(cloud, spec.max_rows, seed)
    rows, sampled = subset.shape[-2], subset.shape[-2] < cloud.shape[-2]
    value, missing = _evaluated(spec, subset, shared)
    if value is None:
        return MeasureResult(spec.name, spec.meaning, spec.direction, missing=missing)
    known = reference_values(spec, subset) if references and spec.direction is not None else {}
    position = _position(value, list(known.values()), spec.direction)
    return MeasureResult(spec.name, spec.meaning, spec.direction, value, None, rows, sampled, known, position)


def _evaluated(spec: MeasureSpec, cloud: Tensor, shared: dict[Any, Any]) -> tuple[float | None, str | None]:
    """The value, or why there is none."""
    try:
        value = float(spec.evaluate(cloud, shared))
    except ValueError as error:
        return None, " ".join(str(error).split())
    except (ArithmeticError, torch.linalg.LinAlgError):  # pyright: ignore[reportPrivateImportUsage]
        return None, "the features are too large or too small to compute with"
    return (value, None) if isfinite(value) else (None, f"the value is {value}")


def _subset(cloud: Tensor, most: int | None, seed: int) -> Tensor:
    """A random subset of at most so many samples, in their order."""
    N = cloud.shape[-2]
    if most is None or most >= N:
        return cloud
    drawn = torch.randperm(N, generator=torch.Generator().manual_seed(seed))[:most].sort().values
    return cloud.index_select(-2, drawn.to(cloud.device))


def _position(value: float, known: Sequence[float], direction: Direction) -> float | None:
    """A value's place between the worst (0) and the best (1) of the references, clipped to these."""
    if direction is None or len(known) < 2:
        return None
    low, high = min(known), max(known)
    # Ten directions of a thousand are one per cent and yet a third of the way from one.
    scale = log if low > _COUNTS_FROM and high > 10 * low else float
    if high - low <= _APART * max(abs(low), abs(high)):
        return None
    here = scale(max(value, low)) if value < high else scale(high)
    share = (here - scale(low)) / (scale(high) - scale(low))
    return share if direction == "high" else 1 - share


def best_to_worst(results: Sequence[MeasureResult | None]) -> list[float | None]:
    """Ranks several clouds by one measure: 1 is the best, equal values share their mean rank, None has no value.

    Values in doubt, those of collapsed clouds, share the last rank.

    Args:
        results: one measure's results for each cloud.
    """
    values = [None if r is None or r.value is None or r.direction is None else _badness(r, r.value) for r in results]
    known = [value for value in values if value is not None]
    return [None if value is None else sum(k < value for k in known) + (1 + known.count(value)) / 2 for value in values]


def _badness(result: MeasureResult, value: float) -> float:
    return inf if result.doubt else value if result.direction == "low" else -value
