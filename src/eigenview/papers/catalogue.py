"""Which experiments there are."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from eigenview._errors import UsageError
from eigenview._names import nearest
from eigenview.papers.outcome import Outcome, Scale


@dataclass(frozen=True)
class Experiment:
    """One of a paper's experiments.

    Args:
        paper: its short name, and that of the module here that holds its experiments.
        name: the experiment's; the module's function has it with underscores.
        shows: what, in a line.
        cost: about how long it takes on two cores, by scale.
    """

    paper: str
    name: str
    shows: str
    cost: dict[Scale, str]

    @property
    def path(self) -> str:
        """`PAPER/EXPERIMENT`, as it is typed."""
        return f"{self.paper}/{self.name}"

    @property
    def run(self) -> Callable[[Scale], Outcome]:
        """The function that runs it."""
        return getattr(import_module(f"eigenview.papers.{self.paper}"), self.name.replace("-", "_"))


EXPERIMENTS = (
    Experiment(
        "dynamics",
        "half-moons",
        "Fig. 1: without a constraint outputs diverge and are all the same; a scaled loss converges",
        {"smoke": "1 s", "cpu": "2 s", "gpu": "2 s"},
    ),
    Experiment(
        "dynamics",
        "width",
        "Fig. 2: which activations make a wide network a linear one",
        {"smoke": "1 s", "cpu": "5 s", "gpu": "1 min"},
    ),
    Experiment(
        "dynamics",
        "flows",
        "Fig. 3: projected descent, and the flow that is its limit",
        {"smoke": "2 s", "cpu": "20 s", "gpu": "20 s"},
    ),
    Experiment(
        "dynamics",
        "mnist",
        "Fig. 4: time of a step over the width, and what a linear SVM makes of both embeddings",
        {"smoke": "3 s", "cpu": "5 min", "gpu": "20 min"},
    ),
)


def chosen(selection: str) -> tuple[Experiment, ...]:
    """The experiments that are asked for.

    Args:
        selection: `all`, a paper, or `PAPER/EXPERIMENT`.

    Raises:
        UsageError: there is none.
    """
    found = tuple(each for each in EXPERIMENTS if selection in ("all", each.paper, each.path))
    if not found:
        known = ["all", *dict.fromkeys(each.paper for each in EXPERIMENTS), *(each.path for each in EXPERIMENTS)]
        raise UsageError(f"unknown experiment '{selection}': {nearest(selection, known)}")
    return found
