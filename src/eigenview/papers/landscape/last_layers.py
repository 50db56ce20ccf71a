"""The last layer of a run trained with a normalised InfoNCE, and the loss around its origin."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from eigenview.inspect import extract_view_features
from eigenview.objectives import InfoNCE
from eigenview.runs import Run, load_model
from eigenview.theory.landscape import (
    decayed_origin,
    infonce_origin,
    loss_of_last_layer,
    slice_by_scale,
    slice_by_singular_values,
    view_covariances,
)


@dataclass(frozen=True)
class LastLayer:
    """A linear projector whose embeddings have unit mean square, and its loss without normalisation.

    The loss of normalised embeddings has no value at the origin; here embeddings are compared by −½ their squared
    distance, as in the landscape paper's theory, which is the same loss for unit embeddings.

    Args:
        inputs: features of two views of the samples of each batch.
        W: the trained weight over the root mean square of its centred embeddings.
        B: the second order of the loss at the origin, estimated from all samples.
        sigma: Σ, the covariance of the layer's inputs.
        parts: B estimated from each of ten parts of the samples.
        temperature: temperature of the loss.
        decay: γ of the decay term γ‖W‖².
    """

    inputs: tuple[Float[Tensor, "2 P d"], ...]
    W: Float64[np.ndarray, "D d"]
    B: Float64[np.ndarray, "d d"]
    sigma: Float64[np.ndarray, "d d"]
    parts: tuple[Float64[np.ndarray, "d d"], ...]
    temperature: float
    decay: float

    @cached_property
    def loss(self) -> Callable[[np.ndarray | Tensor], Float[Tensor, ""]]:
        """The mean loss over all batches, as a function of a weight."""
        objective = InfoNCE(self.temperature, similarity="euclidean")
        losses = [loss_of_last_layer(objective, each, self.decay) for each in self.inputs]
        return lambda W: torch.stack([loss(W) for loss in losses]).mean()

    def along(self, a: Float[np.ndarray, "n"]) -> Float64[np.ndarray, "n"]:
        """Losses at aW minus the loss at the origin."""
        return slice_by_scale(self.loss, self.W, a).losses - float(self.loss(0 * self.W))

    def over(self, r: Float[np.ndarray, "n"]) -> Float64[np.ndarray, "n n"]:
        """Losses with the halves of W's singular values multiplied by r1 and r2, minus the loss at the origin."""
        return slice_by_singular_values(self.loss, self.W, r, r).losses - float(self.loss(0 * self.W))

    def cosine_jump(self) -> tuple[float, float]:
        """Changes of the normalised loss, without decay, from 0.01 W to W and from 0 to W."""
        objective = InfoNCE(self.temperature)
        losses = [loss_of_last_layer(objective, each) for each in self.inputs]
        at = [float(torch.stack([loss(a * self.W) for loss in losses]).mean()) for a in (0.0, 0.01, 1.0)]
        return abs(at[2] - at[1]), abs(at[2] - at[0])

    def expected(self, a: Float[np.ndarray, "n"]) -> Float64[np.ndarray, "n"]:
        """Losses at aW to fourth order, for Gaussian inputs."""
        S = self.W @ self.sigma @ self.W.T
        return a**2 * self.curvature(self.W)[0] + 0.75 * a**4 * (S * S).sum() / self.temperature**2

    def curvature(self, part: Float[np.ndarray, "D d"]) -> tuple[float, float]:
        """Half the loss's curvature at the origin along a part of W, with its standard error over the samples."""
        found = [-float(np.trace(part @ B @ part.T)) for B in (self.B, *self.parts)]
        return found[0], float(np.std(found[1:], ddof=1) / len(self.parts) ** 0.5)

    @property
    def halves(self) -> tuple[Float64[np.ndarray, "D d"], Float64[np.ndarray, "D d"]]:
        """W from the larger half of its singular values, and from the smaller half."""
        U, s, Vt = np.linalg.svd(self.W, full_matrices=False)
        half = (len(s) + 1) // 2
        larger = (U[:, :half] * s[:half]) @ Vt[:half]
        return larger, self.W - larger

    @property
    def curvature_of_halves(self) -> tuple[float, float, float, float]:
        """`curvature` along the larger half and along the smaller half."""
        larger, smaller = self.halves
        return *self.curvature(larger), *self.curvature(smaller)

    @property
    def curvature_of_best_mode(self) -> tuple[float, float]:
        """`curvature` along the mode that grows most in half of the samples, estimated from the other half."""
        half = len(self.parts) // 2
        mode = np.linalg.eigh(sum(self.parts[:half]))[1][:, -1]
        found = [-float(mode @ B @ mode) for B in self.parts[half:]]
        return float(np.mean(found)), float(np.std(found, ddof=1) / len(found) ** 0.5)


def extract_last_layer(run: Run, batches: int, decay: float, P: int, K: int) -> LastLayer:
    """The projector of a run, and its inputs for new views of training images.

    Args:
        run: a run of `SimCLR` with a linear projector.
        batches: number of batches, of the run's own size, that losses are means over.
        decay: γ of the decay term γ‖W‖².
        P: number of samples that the second order is estimated from.
        K: views per sample.
    """
    h, size = extract_view_features(run.path, P=P, K=K).h, run.recipe.training.P
    W = load_model(run.path).projector.get_parameter("0.weight").detach().double().numpy()
    temperature = float(run.recipe.objective.options["temperature"])  # pyright: ignore[reportArgumentType]
    A0, C = view_covariances(h.numpy())
    W /= float(np.trace(W @ (A0 + C) @ W.T)) ** 0.5

    def second_order(A0: np.ndarray) -> np.ndarray:
        return decayed_origin(infonce_origin(A0, C, temperature, partner_share=1 / (2 * size - 1)), decay)

    parts = tuple(second_order(view_covariances(part.numpy())[0]) for part in h.chunk(10, 1))
    inputs = tuple(part for part in h[:2].split(size, 1))[:batches]
    return LastLayer(inputs, W, second_order(A0), A0 + C, parts, temperature, decay)
