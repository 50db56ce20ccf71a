"""A claim of a paper, and the verdict on it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from eigenview.papers.experiment import Scale

Verdict = Literal["holds", "fails", "not tested at this scale"]


@dataclass(frozen=True)
class Claim:
    """A statement of a paper, and the numbers that decide on it.

    Args:
        name: one to five words that identify the claim within its experiment.
        statement: the paper's statement in our words; a sentence that can be understood alone.
        measured: the numbers that decide, in words.
        verdict: whether the numbers bear the statement out.
    """

    name: str
    statement: str
    measured: str
    verdict: Verdict


def claim(name: str, statement: str, measured: str, holds: bool | np.bool_ | None) -> Claim:
    """A claim whose verdict is `holds`, `fails` or, for None, `not tested at this scale`."""
    verdict: Verdict = "not tested at this scale" if holds is None else "holds" if holds else "fails"
    return Claim(name, statement, measured, verdict)


def only_if_long_run(holds: bool | np.bool_ | None, scale: Scale) -> bool | None:
    """The verdict on a claim about long training: short training can confirm it, but only `gpu` can refute it."""
    return True if holds else False if scale == "gpu" and holds is not None else None
