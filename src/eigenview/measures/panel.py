"""All measures of a cloud together, each held against clouds of its shape whose worth is known."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf, isfinite, log
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.measures.catalogue import CATALOGUE, MeasureSpec
from eigenview.measures.reference_clouds import reference_values

Verdict = Literal["good", "fair", "bad"]
_GOOD, _BAD = 0.5, 0.2
_APART = 0.05  # of the greater: references closer than that do not tell good from bad
_COUNTS_FROM = 0.5  # counts begin at 1, and are compared by logarithms; distances and shares, from 0, are not
_SAME = 0.01  # of what is between the ends: references closer than that are at the same end
_RANK = "effective_rank"  # says whether a cloud is collapsed


@dataclass(frozen=True)
class MeasureResult:
    """One measure of one cloud.

    Args:
        measure: its name.
        meaning: what it says, in a line.
        better: which end is good: `high`, `low` or `neither`.
        value: None where there is none.
        missing: why there is none.
        rows: how many rows were measured (samples, where views are needed); None without a value.
        sampled: whether those are fewer than there are, drawn at random.
        references: the measure's values on the reference clouds, by their names; empty where not asked for.
        position: where the value lies from the worst reference (0) to the best (1), by logarithms where they are counts
            far apart; None where no end is good, nothing is known to hold the value against, or there is a doubt.
        doubt: why a value at the good end is no good news.
    """

    measure: str
    meaning: str
    better: Literal["high", "low", "neither"]
    value: float | None = None
    missing: str | None = None
    rows: int | None = None
    sampled: bool = False
    references: dict[str, float] = field(default_factory=dict)
    position: float | None = None
    doubt: str | None = None

    @property
    def verdict(self) -> Verdict | None:
        """`good` from half the way from worst to best, `bad` below a fifth of it; None where there is no position."""
        if self.position is None:
            return None
        return "good" if self.position >= _GOOD else "bad" if self.position < _BAD else "fair"

    @property
    def ends(self) -> tuple[str, str] | None:
        """The names of the worst and the best reference, which the verdict is between; None where there are none."""
        if self.position is None and self.doubt is None:
            return None
        worst, best = sorted(self.references.values(), reverse=self.better == "low")[:: len(self.references) - 1]
        return self._named(worst, best), self._named(best, worst)

    def _named(self, value: float, other: float) -> str:
        """The reference at an end, `collapsed` only if no other is there but for rounding."""
        near = [name for name, each in self.references.items() if abs(each - value) <= _SAME * abs(other - value)]
        return next((name for name in near if name != "collapsed"), "collapsed")


def panel(
    cloud: Float[Tensor, "N D"] | Float[Tensor, "K P D"],
    catalogue: Sequence[MeasureSpec] = CATALOGUE,
    references: bool = True,
    seed: int = 0,
    progress: Callable[[str], None] = lambda measure: None,
) -> list[MeasureResult]:
    """Takes the measures of a cloud.

    Measures of rows see one view of each sample, so that rows do not depend on each other; those whose cost grows with
    the square of the rows see a random `most_rows` of them. A measure that refuses says why in its reading.

    Args:
        cloud: a row a sample, or views first.
        catalogue: which measures.
        references: also take them of clouds whose worth is known, and judge by these.
        seed: of the rows that are drawn.
        progress: called with the name of each measure before it is taken.
    """
    return _doubted(list(_readings(cloud, catalogue, references, seed, progress)))


def _doubted(readings: list[MeasureResult]) -> list[MeasureResult]:
    """Of a collapsed cloud, no praise by measures that would praise every collapsed cloud."""
    if not any(reading.measure == _RANK and reading.verdict == "bad" for reading in readings):
        return readings
    return [
        replace(reading, position=None, doubt="says nothing of collapsed samples, which get the same")
        if reading.position is not None and _praises_collapse(reading)
        else reading
        for reading in readings
    ]


def _praises_collapse(reading: MeasureResult) -> bool:
    collapsed, known = reading.references.get("collapsed"), list(reading.references.values())
    if collapsed is None or reading.verdict == "bad":
        return False
    place = _position(collapsed, known, reading.better)
    return place is not None and place >= _GOOD


def _readings(
    cloud: Tensor, catalogue: Sequence[MeasureSpec], references: bool, seed: int, progress: Callable[[str], None]
) -> Iterator[MeasureResult]:
    seen = {"rows": cloud[0] if cloud.ndim == 3 else cloud}
    if cloud.ndim == 3 and len(cloud) > 1:
        seen["views"] = cloud
    shared: dict[Any, Any] = {}
    for listed in catalogue:
        progress(listed.name)
        if listed.needs in seen:
            yield _reading(listed, seen[listed.needs], references, seed, shared)
        else:
            missing = "needs views: features [K, P, D] of K > 1 views of each sample"
            yield MeasureResult(listed.name, listed.meaning, listed.better, missing=missing)


def _reading(listed: MeasureSpec, cloud: Tensor, references: bool, seed: int, shared: dict[Any, Any]) -> MeasureResult:
    some = _some(cloud, listed.most_rows, seed)
    rows, sampled = some.shape[-2], some.shape[-2] < cloud.shape[-2]
    value, missing = _measured(listed, some, shared)
    if value is None:
        return MeasureResult(listed.name, listed.meaning, listed.better, missing=missing)
    known = reference_values(listed, some) if references and listed.better != "neither" else {}
    position = _position(value, list(known.values()), listed.better)
    return MeasureResult(listed.name, listed.meaning, listed.better, value, None, rows, sampled, known, position)


def _measured(listed: MeasureSpec, cloud: Tensor, shared: dict[Any, Any]) -> tuple[float | None, str | None]:
    """The value, or why there is none."""
    try:
        value = float(listed.of(cloud, shared))
    except ValueError as error:
        return None, " ".join(str(error).split())
    except (ArithmeticError, torch.linalg.LinAlgError):  # pyright: ignore[reportPrivateImportUsage]
        return None, "its numbers are too large or too small to compute with"
    return (value, None) if isfinite(value) else (None, f"its value is {value}")


def _some(cloud: Tensor, most: int | None, seed: int) -> Tensor:
    """At most so many samples, drawn at random, in their order."""
    N = cloud.shape[-2]
    if most is None or most >= N:
        return cloud
    drawn = torch.randperm(N, generator=torch.Generator().manual_seed(seed))[:most].sort().values
    return cloud.index_select(-2, drawn.to(cloud.device))


def _position(value: float, known: Sequence[float], better: str) -> float | None:
    """A value's place between the worst (0) and the best (1) of those known, cut off there."""
    if better == "neither" or len(known) < 2:
        return None
    low, high = min(known), max(known)
    # Ten directions of a thousand are one per cent and yet a third of the way from one.
    scale = log if low > _COUNTS_FROM and high > 10 * low else float
    if high - low <= _APART * max(abs(low), abs(high)):
        return None
    here = scale(max(value, low)) if value < high else scale(high)
    share = (here - scale(low)) / (scale(high) - scale(low))
    return share if better == "high" else 1 - share


def best_to_worst(readings: Sequence[MeasureResult | None]) -> list[float | None]:
    """Ranks of several clouds' readings of one measure, 1 the best, equal values sharing their mean; None without one.

    Values that are in doubt, since their clouds are collapsed, share the last.

    Args:
        readings: of the same measure.
    """
    values = [None if r is None or r.value is None or r.better == "neither" else _badness(r, r.value) for r in readings]
    known = [value for value in values if value is not None]
    return [None if value is None else sum(k < value for k in known) + (1 + known.count(value)) / 2 for value in values]


def _badness(reading: MeasureResult, value: float) -> float:
    return inf if reading.doubt else value if reading.better == "low" else -value
