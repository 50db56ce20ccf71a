"""The course of a run so far, as far as alarms need it."""

from collections.abc import Mapping

from eigenview.runs.records import StepRecord


class Trajectory:
    """Ranks and spreads of all measurements so far, the newest included.

    Args:
        steps: updates in the whole run, if known.
        max_rank: dimensions that `features` and `embeddings` of a batch could fill, as far as they are known.
        min_temperature: smallest value that a learned temperature may take, if there is one.

    Attributes:
        ranks: steps and effective ranks of `features` and `embeddings`, in order.
        widest_spread: largest spread of the embeddings; 0 where it was not measured.
    """

    def __init__(self, steps: int | None, max_rank: Mapping[str, int], min_temperature: float | None = None) -> None:
        self.steps, self.max_rank, self.min_temperature = steps, max_rank, min_temperature
        self.ranks: dict[str, list[tuple[int, float]]] = {}
        self.widest_spread = 0.0

    def add(self, record: StepRecord) -> None:
        """Appends a measurement."""
        for space, rank in record.effective_rank.items():
            if rank is not None:
                self.ranks.setdefault(space, []).append((record.step, rank))
        self.widest_spread = max(self.widest_spread, record.spread.get("embeddings") or 0.0)

    def peak_rank(self, space: str) -> float:
        """The largest effective rank so far; 0 where it was not measured."""
        return max((rank for _, rank in self.ranks.get(space, ())), default=0.0)
