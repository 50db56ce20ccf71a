"""What an experiment returns: a figure, a table and claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from eigenview.papers.claims import Claim


@dataclass(frozen=True)
class Outcome:
    """What an experiment found.

    Args:
        figure: the paper's figure, with the theory on it.
        caption: what the figure shows, and what was scaled down.
        table: the numbers behind the figure: columns of one length, by name.
        claims: the claims with their verdicts, at least one.
        seeds: seeds of everything random, one for each repetition.
    """

    figure: Figure
    caption: str
    table: Mapping[str, Sequence[object] | np.ndarray]
    claims: tuple[Claim, ...]
    seeds: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        if not self.claims:
            raise ValueError("an experiment must make at least one claim")
        if len({len(column) for column in self.table.values()}) > 1:
            raise ValueError("the table's columns must have equal lengths")
