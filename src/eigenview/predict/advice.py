"""What to change, given a prediction."""

from math import log

from eigenview.linalg import uniform_percent_error
from eigenview.plotting.formatting import number
from eigenview.predict.prediction import Prediction

_NEAR_THE_WORST = 0.05  # percent error: P and D within a factor of about 2.5


def advice(p: Prediction) -> list[str]:
    """What would keep more directions, or bring embeddings nearer to the bound; each in a sentence."""
    if p.landscape.shape_decides:
        return _shape(p) or ["Nothing: no direction collapses, and P and D are far enough apart."]
    weaker, parameter = _weaker(p), _parameter(p)
    of_views = weaker or (parameter and p.parameter and p.parameter.name != "weight decay")
    why = ["Directions that views vary most collapse first: keep a direction only if it carries information you need."]
    found = [*weaker, *parameter, *_undecayed(p), *(why if of_views else [])]
    return [*found, *_dimensions(p)] or [_nothing(p)]


def other_shapes(p: Prediction) -> list[tuple[int, int, float]]:
    """P, D and percent error of batches and embeddings of half and double the size, the best first."""
    sizes = [(p.P * 2, p.D), (p.P // 2, p.D), (p.P, p.D * 2), (p.P, p.D // 2)]
    found = [(P, D, uniform_percent_error(P, D)) for P, D in sizes if P and D]
    return sorted(found, key=lambda shape: shape[2])


def percent(share: float) -> str:
    """A share in percent."""
    return f"{number(round(100 * share, 1))} %"


def _shape(p: Prediction) -> list[str]:
    if p.percent_error < _NEAR_THE_WORST:
        return []
    by_batch = sorted((error, P) for P, D, error in other_shapes(p) if D == p.D and error < p.percent_error)
    if not by_batch:
        return []
    # Half and double the batch are as good at P = D.
    best = by_batch[0][0]
    sizes = " or ".join(f"P = {P}" for error, P in sorted(by_batch, key=lambda found: found[1]) if error < best + 1e-3)
    return [
        f"Use {sizes} with D = {p.D}: {percent(best)} short of the bound instead of {percent(p.percent_error)} "
        "(--batch-size)."
    ]


def _clearly_more(p: Prediction) -> float:
    """How many survivors, distinguishable from noise, are worth a change: a tenth of all directions more."""
    return p.here.distinguishable + p.here.directions / 10


def _weaker(p: Prediction) -> list[str]:
    better = [at for at in p.strengths if at.strength < p.here.strength and at.distinguishable >= _clearly_more(p)]
    if not better:
        return []
    at = better[-1]
    more = at.distinguishable - p.here.distinguishable
    return [f"Views of strength {number(at.strength)} keep {more} more directions (--strength {number(at.strength)})."]


def _parameter(p: Prediction) -> list[str]:
    parameter = p.parameter
    if parameter is None:
        return []
    better = [
        (value, p.here.distinguishable_of(count))
        for value, count in zip(parameter.values, p.here.over_parameter, strict=True)
        if value > 0 and p.here.distinguishable_of(count) >= _clearly_more(p)
    ]
    if not better:
        return []
    if parameter.value > 0:
        value, count = min(better, key=lambda found: abs(log(found[0] / parameter.value)))
    else:
        value, count = better[-1]
    more = count - p.here.distinguishable
    return [f"With {parameter.name} {value:g}, {_survive(more)} ({parameter.option}{value:g})."]


def _undecayed(p: Prediction) -> list[str]:
    cost = 0 if p.undecayed is None else p.here.distinguishable_of(p.undecayed) - p.here.distinguishable
    if cost <= 0:
        return []
    return [f"Without weight decay, {_survive(cost)} (--weight-decay 0)."]


def _survive(more: int) -> str:
    return f"{more} more direction{' survives' if more == 1 else 's survive'}"


def _dimensions(p: Prediction) -> list[str]:
    needed = p.here.distinguishable
    if needed <= p.D:
        return []
    which = "surviving directions" + (" that are distinguishable from noise" if p.perhaps_noise else "")
    return [f"D = {p.D} is smaller than the {needed} {which}: use --dim {needed}."]


def _nothing(p: Prediction) -> str:
    at = p.here
    if at.survivors < at.directions:
        return "Nothing: neither weaker views nor any other setting of this sweep keeps clearly more directions."
    if p.perhaps_noise:
        return f"Nothing: every direction survives, but {p.perhaps_noise} of the surviving directions may be noise."
    stays = [other.strength for other in p.strengths if other.distinguishable == other.directions]
    if len(p.strengths) > 1 and stays[-1] > at.strength:
        return f"Nothing: every direction survives, at least up to views of strength {number(stays[-1])}."
    return "Nothing: every direction survives."
