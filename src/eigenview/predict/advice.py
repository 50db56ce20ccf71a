"""What to change, given what theory says."""

from math import log

from eigenview.linalg import uniform_percent_error
from eigenview.plotting.formatting import number
from eigenview.predict import DECAY
from eigenview.predict.prediction import Prediction

_NEAR_THE_WORST = 0.05  # percent error: P and D within a factor of about 2.5


def advice(p: Prediction) -> list[str]:
    """What would keep more directions, or bring embeddings nearer to the bound; each in a sentence."""
    if p.knob is None:
        return _shape(p) or ["Nothing: no direction collapses, and P and D are far enough apart."]
    weaker, turned = _weaker(p), _turned(p)
    of_views = weaker or (turned and p.knob.option != DECAY)
    why = ["What goes first is what views vary most: keep it only if what you need lies in it."] if of_views else []
    said = [*weaker, *turned, *_undecayed(p), *why]
    return [*said, *_room(p)] or [_nothing(p)]


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
        f"{sizes} at D = {p.D}: {percent(best)} short of the bound instead of {percent(p.percent_error)} "
        "(--training.P in `eigenview train`)."
    ]


def _clearly_more(p: Prediction) -> float:
    """How many survivors, told from chance, are worth a change: a tenth of all directions more."""
    return p.here.told + p.here.directions / 10


def _weaker(p: Prediction) -> list[str]:
    better = [at for at in p.strengths if at.strength < p.here.strength and at.told >= _clearly_more(p)]
    if not better:
        return []
    at = better[-1]
    return [f"Views of strength {number(at.strength)} keep {at.told - p.here.told} more."]


def _turned(p: Prediction) -> list[str]:
    knob = p.knob
    if knob is None:
        return []
    better = [
        (value, p.here.told_of(count))
        for value, count in zip(knob.values, p.here.over_knob, strict=True)
        if value > 0 and p.here.told_of(count) >= _clearly_more(p)
    ]
    if not better:
        return []
    if knob.value > 0:
        value, count = min(better, key=lambda found: abs(log(found[0] / knob.value)))
    else:
        value, count = better[-1]
    more = count - p.here.told
    return [f"With a {knob.name} of {value:g}, {_survive(more)} ({knob.option}{value:g})."]


def _undecayed(p: Prediction) -> list[str]:
    cost = 0 if p.undecayed is None else p.here.told_of(p.undecayed) - p.here.told
    if cost <= 0:
        return []
    return [f"Without weight decay {_survive(cost)} (--decay 0)."]


def _survive(more: int) -> str:
    return f"{more} more {'survives' if more == 1 else 'survive'}"


def _room(p: Prediction) -> list[str]:
    told = p.here.told
    if told <= p.D:
        return []
    those = f"{told} that survive" + (" and are no chance" if p.perhaps_noise else "")
    return [f"D = {p.D} has room for {p.D} of the {those}: --D {told} takes all."]


def _nothing(p: Prediction) -> str:
    at = p.here
    if at.survivors < at.directions:
        return "Nothing here changes much: no weaker views that were looked at keep clearly more."
    if p.perhaps_noise:
        return f"Nothing keeps more: every direction survives, {p.perhaps_noise} of them perhaps as nothing but noise."
    stays = [other.strength for other in p.strengths if other.told == other.directions]
    if len(p.strengths) > 1 and stays[-1] > at.strength:
        return f"Nothing: every direction survives, up to views of strength {number(stays[-1])} at least."
    return "Nothing: every direction survives."
