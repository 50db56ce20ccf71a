"""Alarms: what went wrong, by which numbers, and what to try."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eigenview.objectives import MMCR, Objective
from eigenview.spectra import uniform_percent_error
from eigenview.views import POLICIES, ViewPolicy


@dataclass(frozen=True)
class Alarm:
    """One alarm.

    Args:
        name: what is wrong.
        evidence: the numbers, and the reference they are held against.
        advice: what to try.
    """

    name: str
    evidence: str
    advice: str


def alarms_before(objective: Objective, P: int, D: int) -> list[Alarm]:
    """What can be said before the first step.

    MMCR with as many samples as dimensions: even perfect embeddings stay furthest from the bound there (mmcr, Fig 3).

    Args:
        objective: what will be minimised.
        P: samples in a batch.
        D: dimensions of the embeddings.
    """
    if not isinstance(objective, MMCR) or max(P, D) >= 1.5 * min(P, D):
        return []
    here, there = uniform_percent_error(P, D), uniform_percent_error(P, 2 * D)
    return [
        Alarm(
            "P near D",
            f"with P = {P} and D = {D}, even uniform embeddings stay {here:.1%} short of MMCR's bound; "
            f"with D = {2 * D} it would be {there:.1%}",
            "a P or a D at least twice the other (training.P, projector.D)",
        )
    ]


def alarms_of_views(K: int, policy: ViewPolicy) -> list[Alarm]:
    """What can be said before the first step of views that leave nothing to learn.

    Args:
        K: views of each sample.
        policy: how they are drawn.
    """
    if K > 1 and policy != POLICIES["identity"]:
        return []
    evidence = "each sample has one view" if K == 1 else f"the {K} views of a sample are the same image"
    return [
        Alarm(
            "nothing to be invariant to",
            f"{evidence}, so the encoder can learn nothing that views share and samples do not",
            "views.K = 2 or more, and a views.policy such as moderate or large",
        )
    ]


class Watch:
    """Looks at each measurement of a run and says, once each, what is wrong with it.

    Args:
        steps: the run's updates in all; before a tenth of them, and before 50, nothing is called stuck.
        rooms: the dimensions that `features` and `embeddings` of a batch could fill.
    """

    def __init__(self, steps: int, rooms: Mapping[str, int]) -> None:
        self._patience = max(50, steps // 10)
        self._rooms = rooms
        self._peak = dict.fromkeys(rooms, 0.0)
        self._raised: set[str] = set()

    def see(self, measured: Mapping[str, Any]) -> list[Alarm]:
        """New alarms after a measurement.

        Args:
            measured: a step's line of the metrics: `step`, `loss`, `scale`, `effective_rank`.
        """
        found = [self._level(measured), *(self._rank(measured, what) for what in self._rooms)]
        new = [alarm for alarm in found if alarm is not None and alarm.name not in self._raised]
        self._raised.update(alarm.name for alarm in new)
        return new

    def _level(self, measured: Mapping[str, Any]) -> Alarm | None:
        scale = measured["scale"]
        if measured["step"] < self._patience or scale is None or scale > 0.05:
            return None
        return Alarm(
            "loss at chance",
            f"at step {measured['step']} the loss {measured['loss']:.4g} stands at {scale:.0%} of the way from "
            "complete collapse (0%) to its best (100%)",
            "a smaller learning rate, a longer warm-up, weaker views, or batch norm in the projector",
        )

    def _rank(self, measured: Mapping[str, Any], what: str) -> Alarm | None:
        rank, room = measured["effective_rank"][what], self._rooms[what]
        self._peak[what] = max(self._peak[what], rank)
        few = max(2.0, min(4.0, 0.1 * room), 0.1 * self._peak[what])
        if measured["step"] < self._patience or room <= 8 or rank >= few:
            return None
        return Alarm(
            f"{what} collapsed to a few dimensions",
            f"at step {measured['step']} their effective rank is {rank:.1f} of {room}, after a peak of "
            f"{self._peak[what]:.1f}",
            "a smaller learning rate, less weight decay, weaker views, or an objective that spreads embeddings more",
        )


def not_finite(step: int, loss: float, gradient_norm: float, weights: bool, kept: str) -> Alarm:
    """The alarm that ends a run.

    Args:
        step: the update that was not made.
        loss: its loss.
        gradient_norm: its gradient's norm.
        weights: whether it is the weights that are not finite.
        kept: the checkpoint that is still good, in words.
    """
    return Alarm(
        "not finite",
        f"at step {step} {'weights are not finite, ' if weights else ''}the loss is {loss:.4g} and the gradient's norm "
        f"{gradient_norm:.4g}; {kept}",
        "a smaller learning rate, gradient clipping (optimiser.clip), or training.precision 32-true",
    )
