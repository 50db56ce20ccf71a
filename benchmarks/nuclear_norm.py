"""Time of the nuclear norm and its gradient: ours, and `torch.linalg.svdvals(...).sum()` with autograd, in one run.

Usage: python benchmarks/nuclear_norm.py [--write]

Standard normal float32 matrices, and one of two other spectra, forward and backward. The two take turns, and the median
over rounds of the ratio of their times counts. MMCR with its local term is timed against the same loss from `svdvals`,
matrix by matrix of one batched call, and against lightly's MMCRLoss where that is installed. A second table holds value
and gradient against an SVD in float64, on spectra from flat to collapsed.
"""

import importlib.util
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from torch import Tensor

import published
from eigenview.linalg import normalize, nuclear_norm, polar_factor_by_iteration
from eigenview.objectives import MMCR

SHAPES = ((256, 2048), (256, 4096), (2048, 512), (512, 512), (1024, 1024))
LOCAL_SHAPES = ((512, 512), (256, 2048))
VIEWS, ROUNDS = 4, 9
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SPECTRA = ("uniform", "decaying", "collapsed")
Loss = Callable[[Tensor], Tensor]


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(DEVICE)


def milliseconds(loss: Loss, x: Tensor) -> float:
    x = x.detach().clone().requires_grad_()
    _wait()
    start = time.perf_counter()
    loss(x).backward()
    _wait()
    return 1e3 * (time.perf_counter() - start)


def _wait() -> None:
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def by_svdvals(x: Tensor) -> Tensor:
    return torch.linalg.svdvals(x).sum(-1)


def mmcr_by_svdvals(z: Tensor) -> Tensor:
    z = normalize(z)
    return by_svdvals(z.transpose(0, 1)).mean() - by_svdvals(z.mean(0))


def lightlys() -> Loss | None:
    """The loss of lightly on z[K, P, D], where that is installed: by its file, since the package needs torchvision."""
    found = importlib.util.find_spec("lightly")
    if found is None or found.origin is None:
        return None
    spec = importlib.util.spec_from_file_location("mmcr_loss", Path(found.origin).parent / "loss" / "mmcr_loss.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    loss = module.MMCRLoss(lmda=1.0)
    # It joins two tensors [P, K, D] to one of all views.
    return lambda z: loss(*z.transpose(0, 1).chunk(2, dim=1))


def compare(losses: dict[str, Loss], x: Tensor, rounds: int = ROUNDS) -> list[tuple[str, float, float]]:
    """Name, milliseconds and time over the first one's, medians over rounds in which all take turns."""
    for loss in losses.values():
        milliseconds(loss, x)
    taken = [{name: milliseconds(loss, x) for name, loss in losses.items()} for _ in range(rounds)]
    ours = next(iter(losses))
    return [(n, median(t[n] for t in taken), median(t[n] / t[ours] for t in taken)) for n in losses]


def speed() -> list[str]:
    lines = ["| loss | shape | ours, ms | other, ms | other / ours |", "|---|---|---|---|---|"]
    for shape in SHAPES:
        (_, ours, _), (_, other, ratio) = compare({"ours": nuclear_norm, "svdvals": by_svdvals}, normal(*shape))
        lines.append(f"| nuclear norm, against svdvals | {shape} | {ours:.1f} | {other:.1f} | {ratio:.1f} × |")
    for kind in ("decaying", "collapsed"):
        x = with_spectrum(kind, 512, 512)
        (_, ours, _), (_, other, ratio) = compare({"ours": nuclear_norm, "svdvals": by_svdvals}, x)
        lines.append(f"| … of a {kind} spectrum | (512, 512) | {ours:.1f} | {other:.1f} | {ratio:.1f} × |")
    others: dict[str, Loss] = {"the same by svdvals": mmcr_by_svdvals}
    if (lightly := lightlys()) is not None:
        others["lightly's MMCRLoss"] = lightly
    for P, D in LOCAL_SHAPES:
        losses = {"ours": MMCR(local_weight=1.0), **others}
        (_, ours, _), *rest = compare(losses, normal(VIEWS, P, D), rounds=3)
        lines += [
            f"| MMCR, local term, K = {VIEWS}, against {name} | {P, D} | {ours:.1f} | {ms:.1f} | {ratio:.1f} × |"
            for name, ms, ratio in rest
        ]
    return lines


def with_spectrum(kind: str, rows: int, columns: int) -> Tensor:
    """A float32 matrix: flat, decaying over three decades, or of effective rank about 10 and condition 1e8."""
    n = min(rows, columns)
    values = {
        "uniform": torch.ones(n),
        "decaying": torch.logspace(0, -3, n),
        "collapsed": torch.cat([torch.ones(10), torch.logspace(-4, -8, n - 10)]),
    }[kind].double()
    left, right = (torch.linalg.qr(normal(side, n, seed=side).double()).Q for side in (rows, columns))
    return ((left * values.to(DEVICE)) @ right.mT).float()


def accuracy() -> list[str]:
    lines = [
        "| spectrum | shape | value, relative error | gradient, cosine | float32 SVD's | by products alone |",
        "|---|---|---|---|---|---|",
    ]
    for shape in SHAPES:
        for kind in SPECTRA:
            x = with_spectrum(kind, *shape).requires_grad_()
            U, S, Vh = torch.linalg.svd(x.detach().double(), full_matrices=False)
            value = nuclear_norm(x)
            value.backward()
            assert x.grad is not None
            U32, _, Vh32 = torch.linalg.svd(x.detach(), full_matrices=False)
            cosines = [
                torch.cosine_similarity(g.double().flatten(), (U @ Vh).flatten(), dim=0).item()
                for g in (x.grad, U32 @ Vh32, polar_factor_by_iteration(x.detach()))
            ]
            error = abs(value.item() / S.sum().item() - 1)
            numbers = " | ".join(f"{cosine:.5f}" for cosine in cosines)
            lines.append(f"| {kind} | {shape} | {error:.1e} | {numbers} |")
    return lines


def main() -> None:
    parser = published.parser(__doc__, __file__)
    arguments = parser.parse_args()
    speeds, accuracies = "\n".join(speed()), "\n".join(accuracy())
    text = f"""# The nuclear norm and MMCR

Forward and backward, float32: medians of {ROUNDS} rounds in which both take turns (3 for MMCR)
(`python benchmarks/nuclear_norm.py --write`).

{speeds}

The reference is an SVD in float64; "collapsed" has ten equal singular values and the rest from 1e-4 to 1e-8 of them.

{accuracies}

{published.made_with("torch")}
"""
    published.publish(text, __file__, arguments.write)


if __name__ == "__main__":
    main()
