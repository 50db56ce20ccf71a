"""Spectra of features and embeddings, before, halfway through and after training."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from eigenview.measures import effective_rank, numerical_rank, spectrum
from eigenview.papers.geometry.runs import (
    COLOURS,
    SETTINGS,
    Moment,
    by_policy,
    columns_of,
    over_training,
    setting_in_words,
)
from eigenview.papers.outcome import Outcome, Scale, claim
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.axes import plain_log_ticks
from eigenview.plotting.style import FAINT, style

TOLERANCE = 1e-3
"""Of the largest singular value; the paper does not give its τ."""
FLOOR = 1e-5
_DASHES = ":", "--", "-"


def run(scale: Scale, trained: RunCache) -> Outcome:
    """Figs. 4 and 9: log-spectra of the encoder's features, and of the embeddings."""
    s = SETTINGS[scale]
    d = 4 * s.D

    def measure(moment: Moment) -> list[float]:
        h, z = moment.h.flatten(0, 1), moment.z.flatten(0, 1)
        dead = int((h == 0).all(0).sum())
        found = numerical_rank(h, TOLERANCE), dead, effective_rank(h), effective_rank(z)
        return [*found, *spectrum(h).tolist(), *spectrum(z).tolist()]

    steps, values = over_training(scale, trained, measure)
    rank, dead, filled, embedded = (values[..., i] for i in range(4))
    spectra = {"features": values[..., 4 : 4 + d], "embeddings": values[..., 4 + d :]}
    kept = {name: each[-1, :, -1] / each[0, :, -1] for name, each in (("features", filled), ("embeddings", embedded))}
    times = {"before training": 0, "halfway": len(steps) // 2, "after training": -1}
    with style():
        figure = Figure(figsize=(6.6, 3.1))
        for axes, (name, each) in zip(np.ravel(figure.subplots(1, 2)), spectra.items(), strict=True):
            for policy, curves in zip(COLOURS, each / each[..., :1], strict=True):
                for t, dashes in zip(times.values(), _DASHES, strict=True):
                    # Of a feature that is always 0 there is nothing to draw, or only rounding.
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
            "full encoder",
            f"The encoder's features keep their full rank, here {d}, whatever the augmentation.",
            f"singular values of at least {TOLERANCE:g} of the largest: before training {by_policy(rank[..., 0], 1)}, "
            f"after it {by_policy(rank[..., -1], 1)}; features that are always 0 after it "
            f"{by_policy(dead[..., -1], 1)}",
            None if scale == "smoke" else bool((rank[..., -1] >= 0.95 * d).all()),
        ),
        claim(
            "projector falls",
            "With large augmentations the projector's spectrum falls faster than with small ones.",
            f"effective rank of embeddings {by_policy(embedded[..., -1], 1)}, of {s.D}",
            bool((kept["embeddings"] < 1).all()),
        ),
        claim(
            "projector more",
            "Large augmentations take more of the projector's space than of the encoder's.",
            f"effective rank of embeddings {by_policy(embedded[..., -1], 1)}, of features "
            f"{by_policy(filled[..., -1], 1)}; large over small "
            f"{kept['embeddings'].mean():.2f} and {kept['features'].mean():.2f}",
            None if scale == "smoke" else bool((kept["embeddings"] < kept["features"]).all()),
        ),
    )
    caption = (
        f"{setting_in_words(scale)}. Singular values of both views of {s.looked_at} samples over the largest, not "
        "centred, geometric means over seeds."
    )
    names = "rank of features", "features always 0", "effective rank of features", "effective rank of embeddings"
    columns = columns_of(scale, steps, values[..., :4], *names)
    return Outcome(figure, caption, columns, claims, s.seeds)
