"""Alarms that a recipe alone gives reason for, before the first step."""

from eigenview.alarms.alarm import Alarm
from eigenview.objectives import Objective
from eigenview.views import POLICIES, ViewPolicy


def alarms_before(objective: Objective, K: int, P: int, D: int) -> list[Alarm]:
    """Alarms of what an objective warns of, given the shape of its embeddings.

    Args:
        objective: what will be minimised.
        K: views of each sample.
        P: samples in a batch.
        D: dimensions of the embeddings.
    """
    return [Alarm(each.name, each.evidence, each.advice) for each in objective.cautions(K, P, D)]


def alarms_of_views(K: int, policy: ViewPolicy) -> list[Alarm]:
    """Alarms of views that leave nothing to learn.

    Args:
        K: views of each sample.
        policy: how views are sampled.
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
