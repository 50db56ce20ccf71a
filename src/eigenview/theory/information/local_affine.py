"""Normal noise at the inputs of a network, propagated to its outputs by the Jacobian."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor
from torch.func import jvp, vjp, vmap

from eigenview.measures.local_projectors import cast_rows, check_rowwise

_BYTES = 16 * 2**20
_AT_ONCE = 16
"""Directions of a sample that are worth a smaller batch: they share the network's forward pass."""


@dataclass(frozen=True)
class LocalGaussians:
    """Normal laws of features around N inputs.

    Args:
        means: f(x_n).
        covariances: J Σ_n Jᵀ, J the Jacobian at x_n; symmetric, singular where J Σ_n^½ is rank-deficient.
    """

    means: Float64[np.ndarray, "N D"]
    covariances: Float64[np.ndarray, "N D D"]


@torch.no_grad()
def local_gaussians(
    net: Callable[[Tensor], Tensor],
    inputs: Float[Tensor, "N *shape"],
    variance: float | Float[Tensor, "..."] = 0.0,
    factors: Float[Tensor, "..."] | None = None,
) -> LocalGaussians:
    """Means and covariances of features where inputs are normal: x ~ N(x_n, Σ_n) becomes N(f(x_n), J Σ_n Jᵀ).

    Exact where the network is affine over all of the noise, as a ReLU network is within one of its regions; elsewhere
    of first order in the noise: `eigenview.measures.gaussianity` shows from which strength on features are not normal.
    Σ_n = diag(variance) + Σ_j l_j l_jᵀ.

    The Jacobian is not formed. Each direction of the noise is pushed through the network by a JVP (d directions for a
    variance, and one for each factor), or, if those are more than 2D, each of the D outputs is pulled back by a VJP and
    pushed forward again. Each costs about three forward passes. Besides the N·D² numbers of the result it takes 16 MiB,
    for a block of directions and samples, times the ratio of layer width to d.

    Args:
        net: maps inputs [N, *shape] to features [N, D] (further axes are flattened), each row independently; a module
            needs batch norm and dropout in evaluation mode, and forward derivatives. Runs in its own dtype; products
            are summed in float64.
        inputs: x_n.
        variance: of independent noise on each input number: a scalar σ², or of the shape of a sample or of all inputs.
        factors: l_j, [r, *shape] for all samples, or [N, r, *shape] for each: directions of correlated noise, such as
            displacements of augmentation divided by √r.

    Raises:
        ValueError: inputs, noise or features are empty or not finite, features are not one row per sample, variance is
            negative, noise has the wrong shape or is zero, or batch norm mixes rows or dropout is on in the module.

    Source: information, Sec. 2–3 (NOTES 5).
    """
    check_rowwise(net, "net")
    if inputs.ndim < 2 or not inputs.numel():
        raise ValueError(f"inputs must be [N, ...] with at least one number each, not {[*inputs.shape]}")
    x, shape = cast_rows(net, inputs), inputs.shape[1:]
    deviations, L = _deviations(variance, x), _factors(factors, x)
    if deviations is None and L is None:
        raise ValueError("without noise features have no covariance: pass variance or factors")
    if not torch.isfinite(x).all():
        raise ValueError("inputs are not finite")
    first = net(x[:1])
    if first.ndim < 2 or len(first) != 1:
        raise ValueError(f"net must map [N, ...] to [N, D], but maps {[1, *shape]} to {[*first.shape]}")
    D, d = first.flatten(1).shape[1], shape.numel()
    directions = (0 if deviations is None else d) + (0 if L is None else L.shape[1])
    samples = max(1, _BYTES // (8 * (d + D) * min(_AT_ONCE, directions, 2 * D)))
    means = np.empty((len(x), D))
    covariances = np.empty((len(x), D, D))
    for start in range(0, len(x), samples):
        rows = slice(start, start + samples)
        noise = _Noise(x[rows], None if deviations is None else deviations[rows], None if L is None else L[rows])
        at_once = max(1, _BYTES // (8 * (d + D) * len(x[rows])))
        by = _pushed if directions <= 2 * D else _pulled_and_pushed
        means[rows] = _flat(net, noise.x).double().cpu().numpy()
        covariance = by(net, noise, D, at_once)
        covariances[rows] = ((covariance + covariance.mT) / 2).cpu().numpy()
    if not (np.isfinite(means).all() and np.isfinite(covariances).all()):
        raise ValueError("features, or their derivatives, are not finite")
    return LocalGaussians(means, covariances)


@dataclass(frozen=True)
class _Noise:
    """Noise around inputs x: a standard deviation of each number, and factors, each if present."""

    x: Float[Tensor, "n *shape"]
    deviations: Float[Tensor, "n d"] | None
    factors: Float[Tensor, "n r d"] | None

    def directions(self, at_once: int) -> Iterator[Float[Tensor, "c n *shape"]]:
        """Columns of a square root of Σ_n, in blocks."""
        if self.factors is not None:
            for some in self.factors.transpose(0, 1).split(at_once):
                yield some.reshape(len(some), *self.x.shape)
        if self.deviations is not None:
            n, d = self.deviations.shape
            for some in torch.arange(d, device=self.x.device).split(at_once):
                columns = self.x.new_zeros(len(some), n, d)
                columns[torch.arange(len(some), device=some.device), :, some] = self.deviations[:, some].T
                yield columns.reshape(len(some), *self.x.shape)

    def covariance_times(self, rows: Float[Tensor, "c n *shape"]) -> Float[Tensor, "c n *shape"]:
        """Σ_n v for some v of each sample."""
        v = rows.flatten(2)
        result = torch.zeros_like(v) if self.deviations is None else self.deviations.square() * v
        if self.factors is not None:
            along = torch.einsum("nre,cne->cnr", self.factors, v)
            result += torch.einsum("cnr,nrd->cnd", along, self.factors)
        return result.reshape(rows.shape)


def _pushed(net: Callable[[Tensor], Tensor], noise: _Noise, D: int, at_once: int) -> Float64[Tensor, "n D D"]:
    """Σ_j (J l_j)(J l_j)ᵀ over the noise's directions."""
    covariance = noise.x.new_zeros(len(noise.x), D, D, dtype=torch.float64)
    for tangents in noise.directions(at_once):
        moved = _push(net, noise.x, tangents).double()
        covariance.baddbmm_(moved.permute(1, 2, 0), moved.transpose(0, 1))
    return covariance


def _pulled_and_pushed(
    net: Callable[[Tensor], Tensor], noise: _Noise, D: int, at_once: int
) -> Float64[Tensor, "n D D"]:
    """J Σ_n Jᵀ by columns: that of output k is J(Σ_n(Jᵀe_k))."""
    covariance = noise.x.new_empty(len(noise.x), D, D, dtype=torch.float64)
    pull = vjp(lambda rows: _flat(net, rows), noise.x)[1]
    for outputs in torch.eye(D, dtype=noise.x.dtype, device=noise.x.device).split(at_once):
        gradients = vmap(pull)(outputs[:, None].expand(-1, len(noise.x), -1))[0]
        columns = _push(net, noise.x, noise.covariance_times(gradients))
        covariance[:, outputs.argmax(1)] = columns.double().transpose(0, 1)
    return covariance


def _push(
    net: Callable[[Tensor], Tensor], x: Float[Tensor, "n *shape"], tangents: Float[Tensor, "c n *shape"]
) -> Float[Tensor, "c n D"]:
    with warnings.catch_warnings():
        # With the first forward derivative torch loads formulas in a way that it has itself deprecated.
        warnings.filterwarnings("ignore", "`torch.jit.script", DeprecationWarning)
        return vmap(lambda tangent: jvp(lambda rows: _flat(net, rows), (x,), (tangent,))[1])(tangents)


def _flat(net: Callable[[Tensor], Tensor], x: Float[Tensor, "n *shape"]) -> Float[Tensor, "n D"]:
    return net(x).flatten(1)


def _deviations(variance: float | Tensor, x: Float[Tensor, "N *shape"]) -> Float[Tensor, "N d"] | None:
    given = torch.as_tensor(variance, dtype=x.dtype, device=x.device).detach()
    if given.ndim and given.shape not in (x.shape, x.shape[1:]):
        raise ValueError(f"variance must be a number, or of shape {[*x.shape[1:]]} or {[*x.shape]}")
    if not (torch.isfinite(given).all() and (given >= 0).all()):
        raise ValueError("variance must be finite and at least 0")
    return given.sqrt().expand(x.shape).flatten(1) if given.any() else None


def _factors(factors: Tensor | None, x: Float[Tensor, "N *shape"]) -> Float[Tensor, "N r d"] | None:
    if factors is None:
        return None
    given = factors.detach().to(x)
    given = given[None].expand(len(x), *given.shape) if given.ndim == x.ndim else given
    if given.shape[2:] != x.shape[1:] or len(given) != len(x) or not given.numel():
        raise ValueError(f"factors must be [r, ...] or [N, r, ...] for inputs {[*x.shape]}, not {[*factors.shape]}")
    if not torch.isfinite(given).all():
        raise ValueError("factors are not finite")
    return given.flatten(2)
