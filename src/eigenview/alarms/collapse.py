"""The ways in which embeddings come to say too little: chance level, all alike, a few dimensions."""

from collections.abc import Mapping
from typing import Any

from eigenview.alarms.alarm import Alarm

_CHANCE = 0.05  # of the way from complete collapse to the best
_ALIKE = 0.99  # cosine of different samples' embeddings: 1% of their mean square is left for what differs
_VANISHED = 1e-3  # of the widest spread of the run so far
_RANK_ALIKE = 1.05


def at_chance(line: Mapping[str, Any]) -> Alarm | None:
    """The loss stays where complete collapse would leave it, though embeddings may differ."""
    scale = line.get("scale")
    if scale is None or scale > _CHANCE:
        return None
    return Alarm(
        "loss at chance",
        f"at step {line['step']} the loss {line['loss']:.4g} stands at {scale:.0%} of the way from "
        "complete collapse (0%) to its best (100%)",
        "a smaller learning rate, a longer warm-up, weaker views, or batch norm in the projector",
    )


def complete_collapse(line: Mapping[str, Any], widest: float) -> Alarm | None:
    """All embeddings are the same, or zero, and the loss, where it has a scale, shows it.

    A loss far from collapse says that what looks alike here does not matter to it: a mean that it takes away, a length
    that it divides by.

    Args:
        line: a measurement.
        widest: the largest spread of embeddings so far; 0 where it was not measured.
    """
    scale = line.get("scale")
    if scale is not None and scale > _CHANCE:
        return None
    ranks = line.get("effective_rank") or {}
    cosines = line.get("cosine") or {}
    what = "embeddings" if "embeddings" in {**ranks, **cosines} else "features"
    cosine = (cosines.get(what) or {}).get("samples")
    spread, rank = (line.get("spread") or {}).get(what), ranks.get(what)
    if what == "embeddings" and spread is not None and spread <= _VANISHED * widest:
        found = f"the spread of embeddings is {spread:.2g}, after {widest:.2g}"
    elif cosine is not None:
        found = f"the cosine between {what} of different samples is {cosine:.4f} (1 is all alike)"
        if cosine < _ALIKE:
            return None
    elif rank is not None and rank <= _RANK_ALIKE:
        found = f"the effective rank of {what} is {rank:.2f} (1 is all on a line)"
    else:
        return None
    place = "" if scale is None else f", and the loss stands at {scale:.0%} of the way from collapse to its best"
    return Alarm(
        "complete collapse",
        f"at step {line['step']} {found}{place}",
        "an objective that pushes samples apart, or more of its weight on that; a predictor or a teacher where there "
        "is none; a smaller learning rate; less weight decay; weaker views",
    )


def dimensional_collapse(step: int, what: str, rank: float, peak: float, room: int) -> Alarm | None:
    """Features or embeddings fill a few dimensions of many, or a tenth of those they filled before.

    Args:
        step: of the measurement.
        what: `features` or `embeddings`.
        rank: their effective rank.
        peak: its largest value so far.
        room: dimensions that they could fill; with 8 or less, few are no wonder.
    """
    few = max(2.0, min(4.0, 0.1 * room), 0.1 * peak)
    if room <= 8 or rank >= few:
        return None
    return Alarm(
        f"{what} collapsed to a few dimensions",
        f"at step {step} their effective rank is {rank:.1f} of {room}, after a peak of {peak:.1f}",
        "a smaller learning rate, less weight decay, weaker views, or an objective that spreads embeddings more",
    )
