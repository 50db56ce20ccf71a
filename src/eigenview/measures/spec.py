"""How a measure declares itself where it is defined, so that the catalogue lists it, and tables say how it is read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from torch import Tensor

Direction = Literal["high", "low"] | None
"""Which end of a measure is good; None where neither is, or it depends."""

Group = Literal["spectrum", "views", "geometry", "information", "other"]
"""What a measure looks at; tables are in this order."""

_DECLARED = "__measure_spec__"
_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class MeasureSpec:
    """A measure, and how its value is read.

    Args:
        function: the measure, from features or embeddings to one number.
        needs: `rows`: any matrix [N, D]; or `views`: [K, P, D] with K > 1, which says whose views rows are.
        direction: which end is good, `high` or `low`; None where neither is.
        meaning: one line for a table, which can be read alone; it does not contain the value.
        max_rows: the most rows (samples, where it needs views) that it is given, since its cost grows with their
            square; of more, a random subset is drawn. None where it streams.
        references: from K, N and D to the measure's values on the reference clouds, where a formula has them: on
            `collapsed` and `isotropic` rows, or on `collapsed`, `unrelated` and `ideal` views. By default they are
            measured.
        shares: makes from the rows what the function takes in their place, once for all measures that name the same.
        group: what it looks at.
        essential: whether tables show it without being asked for all measures.
    """

    function: Callable[..., Any]
    needs: Literal["rows", "views"] = "rows"
    direction: Direction = None
    meaning: str = ""
    max_rows: int | None = None
    references: Callable[[int, int, int], dict[str, float]] | None = None
    shares: Callable[[Tensor], Any] | None = None
    group: Group = "other"
    essential: bool = False

    @property
    def name(self) -> str:
        """The function's own name; empty where it has none."""
        return getattr(self.function, "__name__", "")

    def evaluate(self, x: Tensor, shared: dict[Any, Any]) -> Any:
        """The measure's value on x.

        Args:
            x: rows or views, as `needs` says.
            shared: what the measures of the same x share; filled here.
        """
        if self.shares is None:
            return self.function(x)
        key = (self.shares, x.shape)
        if key not in shared:
            shared[key] = self.shares(x)
        return self.function(shared[key])


def measure(
    *,
    meaning: str,
    needs: Literal["rows", "views"] = "rows",
    direction: Direction = None,
    max_rows: int | None = None,
    references: Callable[[int, int, int], dict[str, float]] | None = None,
    shares: Callable[[Tensor], Any] | None = None,
    group: Group = "other",
    essential: bool = False,
) -> Callable[[_Function], _Function]:
    """Declares a function to be a measure; the function itself stays as it is.

        @measure(meaning="mean absolute value; grows with scale", direction="high")
        def mean_size(features: Float[Tensor, "N D"]) -> float: ...

    In a module of this package that is all: the catalogue finds it. From elsewhere it is given by import path
    (`my_package.measures:mean_size`) or as the function.

    Args:
        meaning: as in `MeasureSpec`, like all others.
    """

    def declare(function: _Function) -> _Function:
        spec = MeasureSpec(function, needs, direction, meaning, max_rows, references, shares, group, essential)
        setattr(function, _DECLARED, spec)
        return function

    return declare


def declared_spec(function: object) -> MeasureSpec | None:
    """What `measure` declared of a function; None for anything else."""
    return getattr(function, _DECLARED, None)


def measure_spec(function: Callable[..., Any]) -> MeasureSpec:
    """What `measure` declared of a function, or that it takes rows and has no good end."""
    return declared_spec(function) or MeasureSpec(function)
