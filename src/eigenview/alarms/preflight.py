"""What the recipe alone gives away, before the first step."""

from dataclasses import dataclass

from eigenview.alarms.alarm import AlarmRule
from eigenview.objectives import Objective
from eigenview.views import POLICIES, ViewPolicy


@dataclass(frozen=True)
class TrainingPlan:
    """What will be trained.

    Args:
        objective: to minimise.
        K: views of each sample.
        P: batch size.
        D: dimensions of the embeddings.
        policy: how the K views are drawn; None where they are not of one kind, as an image and its caption.
    """

    objective: Objective
    K: int
    P: int
    D: int
    policy: ViewPolicy | None


def _nothing_to_be_invariant_to(plan: TrainingPlan) -> str | None:
    if plan.policy is None or (plan.K > 1 and plan.policy != POLICIES["identity"]):
        return None
    found = "each sample has one view" if plan.K == 1 else f"the {plan.K} views of a sample are the same image"
    return f"{found}, so there is no invariance for the encoder to learn"


P_NEAR_D = AlarmRule(
    "P near D",
    "before training",
    "the objective is MMCR, and the batch size P is within a factor of 1.5 of the embedding dimension D, where even "
    "uniform embeddings are furthest from the bound; other objectives may warn of something else",
    "see the objective's `cautions`, which training raises as they are",
)
NOTHING_TO_BE_INVARIANT_TO = AlarmRule(
    "nothing to be invariant to",
    "before training",
    "each sample has one view, or the view policy changes nothing",
    "views.K = 2 or more, and a views.policy such as moderate or large",
    _nothing_to_be_invariant_to,
)
