"""Whether nearest negatives share the sample's label. This needs labels, so it is for reports, never for training."""

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from eigenview.measures.negatives import nearest_negatives


@dataclass(frozen=True)
class LabelNegatives:
    """Shares of samples, in [0, 1].

    Args:
        share: whose nearest negative has their label.
        chance: the same for a negative drawn at random.
    """

    share: float
    chance: float


def label_negatives(z: Float[Tensor, "K P D"], labels: Int[Tensor, "P"]) -> LabelNegatives:
    """Share of samples whose nearest negative in embedding space has their label, beside that of a random negative.

    High is a space where neighbours mean the same, so that δh = h2 − h̃* is a displacement within a class; at
    `chance` neighbours say nothing about labels, as they do in collapsed embeddings. Take it with fine and with coarse
    labels; it is said to rise in training, early with small augmentations and late with large ones. Costs what
    `nearest_negatives` does, 2·K·P²·D operations in float64.

    Args:
        z: embeddings of K views of at least two samples.
        labels: a sample's.

    Raises:
        ValueError: embeddings that are not finite or empty, fewer than two samples, or not a label for each.

    Source: geometry, Fig. 6.
    """
    P = z.shape[1]
    if len(labels) != P:
        raise ValueError(f"each of {P} samples needs a label, and there are {len(labels)}")
    same = labels[nearest_negatives(z).to(labels.device) % P] == labels
    members = labels.unique(return_counts=True)[1].double()
    # Each sample has all views of the other members of its class among all views of the other samples.
    chance = (members * (members - 1)).sum() / (P * (P - 1))
    return LabelNegatives(float(same.double().mean()), float(chance))
