"""What an experiment finds, and what that says of a paper's claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from matplotlib.figure import Figure

Scale = Literal["smoke", "cpu", "gpu"]
"""Seconds, minutes on two cores, the paper's own setting."""
SCALES: tuple[Scale, ...] = get_args(Scale)
Verdict = Literal["holds", "fails", "not tested at this scale"]


@dataclass(frozen=True)
class Claim:
    """A sentence of a paper, and what was measured of it.

    Args:
        name: one word or two, for tables.
        says: the paper's sentence, in our words.
        measured: the numbers that decide, in words.
        verdict: whether they bear it out.
    """

    name: str
    says: str
    measured: str
    verdict: Verdict


@dataclass(frozen=True)
class Outcome:
    """What an experiment shows.

    Args:
        figure: the paper's, with the theory on it.
        caption: what it shows, and what was scaled down.
        columns: the numbers behind it, by name, one a row.
        claims: at least one.
        seeds: of all that was drawn; repetitions have one each.
    """

    figure: Figure
    caption: str
    columns: Mapping[str, Sequence[object] | np.ndarray]
    claims: tuple[Claim, ...]
    seeds: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        if not self.claims:
            raise ValueError("an experiment makes at least one claim")
        if len({len(column) for column in self.columns.values()}) > 1:
            raise ValueError("columns must be of one length")


def claim(name: str, says: str, measured: str, holds: bool | np.bool_ | None) -> Claim:
    """A claim with its verdict; None is not tested at this scale."""
    verdict: Verdict = "not tested at this scale" if holds is None else "holds" if holds else "fails"
    return Claim(name, says, measured, verdict)


def only_if_long_run(holds: bool | np.bool_ | None, scale: Scale) -> bool | None:
    """For claims about long training: True where it shows; where not, False at `gpu` alone, as less may be why."""
    return True if holds else False if scale == "gpu" and holds is not None else None
