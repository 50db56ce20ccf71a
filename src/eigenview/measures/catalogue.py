"""The measures that are taken together: by the monitor, by `eigenview inspect` and in comparisons of runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from eigenview.measures.spectra import effective_rank


@dataclass(frozen=True)
class Listed:
    """A measure, and how its value is read.

    Args:
        function: the measure, one number of features or embeddings.
        needs: `rows`, any matrix [N, D]; or `views`, which rows are views of which sample: [K, P, D] with K > 1.
        better: which end is the good one, if one is: `high`, `low` or `neither`.
        meaning: what it says, in a line for a table, without its value.
        most_rows: more rows than that are drawn from (its cost grows with their square); None where it streams.
        references: from K, N and D to its values on `collapsed` and `isotropic` clouds (of views: `collapsed`,
            `unrelated` and `ideal` ones), where a formula has them; else they are measured.
        shares: makes of the rows what the function takes in their place, and shares with others that take the same.
    """

    function: Callable[..., float]
    needs: Literal["rows", "views"]
    better: Literal["high", "low", "neither"]
    meaning: str
    most_rows: int | None = None
    references: Callable[[int, int, int], dict[str, float]] | None = None
    shares: Callable[[Tensor], Any] | None = None

    @property
    def name(self) -> str:
        """The function's own."""
        return self.function.__name__


CATALOGUE: tuple[Listed, ...] = (
    Listed(effective_rank, "rows", "high", "directions that features fill; low is dimensional collapse"),
)
"""All of them, in the order in which a table shows them."""
