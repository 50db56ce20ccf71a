"""Spectra of features and embeddings, before, halfway through and after training."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from eigenview.measures import effective_rank, numerical_rank, spectrum
from eigenview.papers.claims import claim
from eigenview.papers.experiment import Scale
from eigenview.papers.geometry.runs import (
    COLOURS,
    SETTINGS,
    Snapshot,
    by_policy,
    describe_setting,
    over_training,
    table_columns,
)
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.axes import plain_log_ticks
from eigenview.plotting.style import FAINT, style

TOLERANCE = 1e-3
"""The paper's τ, as a share of the largest singular value; the paper gives no number."""
FLOOR = 1e-5
_DASHES = ":", "--", "-"


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Figs. 4 and 9: log-spectra of the encoder's features, and of the embeddings."""
    s = SETTINGS[scale]
    d = 4 * s.D

    def measure(snapshot: Snapshot) -> list[float]:
        h, z = snapshot.h.flatten(0, 1), snapshot.z.flatten(0, 1)
        dead = int((h == 0).all(0).sum())
        found = numerical_rank(h, TOLERANCE), dead, effective_rank(h), effective_rank(z)
        return [*found, *spectrum(h).tolist(), *spectrum(z).tolist()]

    steps, values = over_training(scale, runs, measure)
    rank, dead, filled, embedded = (values[..., i] for i in range(4))
    spectra = {"features": values[..., 4 : 4 + d], "embeddings": values[..., 4 + d :]}
    kept = {name: each[-1, :, -1] / each[0, :, -1] for name, each in (("features", filled), ("embeddings", embedded))}
    times = {"before training": 0, "halfway": len(steps) // 2, "after training": -1}
    with style():
        figure = Figure(figsize=(6.6, 3.1))
        for axes, (name, each) in zip(np.ravel(figure.subplots(1, 2)), spectra.items(), strict=True):
            for policy, curves in zip(COLOURS, each / each[..., :1], strict=True):
                for t, dashes in zip(times.values(), _DASHES, strict=True):
                    # A feature that is always 0 has a singular value of 0 but for rounding.
                    curve = np.exp(np.log(np.maximum(curves[:, t], FLOOR)).mean(0))
                    axes.plot(np.arange(1, len(curve) + 1), curve, dashes, color=COLOURS[policy])
            axes.set(yscale="log", xlabel=f"index of the {name}", ylabel="singular value, of the largest")
            plain_log_ticks(axes.yaxis)
        lines = [Line2D([], [], color=colour, label=policy) for policy, colour in COLOURS.items()]
        lines += [
            Line2D([], [], color=FAINT, linestyle=dashes, label=when)
            for when, dashes in zip(times, _DASHES, strict=True)
        ]
        figure.legend(handles=lines, loc="outside upper left", ncols=6, columnspacing=1.2, handlelength=1.6)
    claims = (
        claim(
            "encoder keeps rank",
            f"The encoder's features keep their full rank, here {d}, whatever the augmentation.",
            f"number of singular values of at least {TOLERANCE:g} times the largest: before training "
            f"{by_policy(rank[..., 0], 1)}; after training {by_policy(rank[..., -1], 1)}; features that are always 0 "
            f"after training: {by_policy(dead[..., -1], 1)}",
            None if scale == "smoke" else bool((rank[..., -1] >= 0.95 * d).all()),
        ),
        claim(
            "embeddings fall faster",
            "The spectrum of the embeddings falls faster with large augmentations than with small ones.",
            f"effective rank of embeddings, of {s.D}: {by_policy(embedded[..., -1], 1)}",
            bool((kept["embeddings"] < 1).all()),
        ),
        claim(
            "embeddings lose more",
            "Large augmentations reduce the effective rank of the embeddings more than that of the encoder's features.",
            f"effective rank of embeddings: {by_policy(embedded[..., -1], 1)}; of features: "
            f"{by_policy(filled[..., -1], 1)}; large over small: {kept['embeddings'].mean():.2f} and "
            f"{kept['features'].mean():.2f}",
            None if scale == "smoke" else bool((kept["embeddings"] < kept["features"]).all()),
        ),
    )
    caption = (
        f"{describe_setting(scale)}. Singular values, relative to the largest, of both views of {s.samples} samples, "
        "not centred; geometric means over seeds."
    )
    names = "rank of features", "features always 0", "effective rank of features", "effective rank of embeddings"
    table = table_columns(scale, steps, values[..., :4], *names)
    return Outcome(figure, caption, table, claims, s.seeds)
