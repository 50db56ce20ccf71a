"""An experiment: what it shows, what it costs, and the function that runs it."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, get_args

from eigenview._errors import UsageError
from eigenview._names import import_object

if TYPE_CHECKING:
    from eigenview.papers.outcome import Outcome
    from eigenview.papers.run_cache import RunCache

Scale = Literal["smoke", "cpu", "gpu"]
"""Seconds, minutes on two cores, the paper's own setting."""
SCALES: tuple[Scale, ...] = get_args(Scale)
_SECONDS = {"s": 1, "min": 60, "h": 3600, "day": 86400, "week": 7 * 86400}


@dataclass(frozen=True)
class Experiment:
    """An experiment of a paper, or of someone else's.

    Args:
        paper: short name of the paper, which groups experiments on the command line, on disk and on the page.
        name: short name of the experiment within its paper.
        shows: what the experiment shows, in one line without a full stop.
        cost: approximate time by scale, such as `{"cpu": "8 min"}`: on two cores, and at `gpu` on one GPU; without the
            runs that an earlier experiment of the paper trains and this one shares.
        function: `run(scale, runs) -> Outcome`; by default that of the module `eigenview.papers.PAPER.NAME`.
    """

    paper: str
    name: str
    shows: str
    cost: Mapping[Scale, str] = field(default_factory=dict)
    function: Callable[..., Any] | None = None

    @property
    def path(self) -> str:
        """`PAPER/NAME`, the argument that selects the experiment on the command line."""
        return f"{self.paper}/{self.name}"

    @property
    def run(self) -> "Callable[[Scale, RunCache], Outcome]":
        """The function that runs the experiment; its module is imported only now."""
        if self.function is not None:
            return self.function
        return import_module(f"eigenview.papers.{self.paper}.{self.name.replace('-', '_')}").run

    def seconds(self, scale: Scale) -> float | None:
        """The approximate cost at a scale in seconds; None if it is unknown."""
        cost = re.fullmatch(r"([\d.]+) (s|min|h|day|week)s?", self.cost.get(scale, ""))
        return float(cost[1]) * _SECONDS[cost[2]] if cost else None


def import_experiment(path: str) -> Experiment:
    """The experiment that an import path names.

    Args:
        path: `module:attribute`, where the attribute is an `Experiment` or a function `run(scale, runs) -> Outcome`;
            a function is listed under its own name and shows the first line of its docstring.

    Raises:
        UsageError: the path cannot be imported, or names something else.
    """
    found = import_object(path, "experiment")
    if isinstance(found, Experiment):
        return found
    try:
        inspect.signature(found).bind("smoke", None)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"experiment '{path}' must be an Experiment or a function run(scale, runs) -> Outcome: {error}"
        ) from error
    module, _, attribute = path.partition(":")
    first_line = (inspect.getdoc(found) or attribute).splitlines()[0]
    return Experiment(module, attribute.replace("_", "-"), first_line.removesuffix("."), function=found)
