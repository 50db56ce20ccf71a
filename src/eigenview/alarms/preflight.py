"""What a recipe alone gives away, before the first step."""

from eigenview.alarms.alarm import Alarm
from eigenview.linalg import uniform_percent_error
from eigenview.objectives import MMCR, Objective
from eigenview.views import POLICIES, ViewPolicy


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
