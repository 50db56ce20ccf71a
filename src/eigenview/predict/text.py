"""A prediction in words and in JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from math import inf, isfinite, log
from typing import Any

from rich.console import Console
from rich.text import Text

from eigenview.plotting.formatting import number
from eigenview.plotting.tables import Table
from eigenview.predict.advice import advice, other_shapes, percent
from eigenview.predict.prediction import AtStrength, Prediction
from eigenview.predict.strengths import PIXELS, UNTRAINED
from eigenview.views import POLICIES

_WORST = 0.14  # percent error
_STEADY = 0.1  # of the survivors
_ALL = 0.9995  # of which 100 % is shown


def prediction_as_json(p: Prediction) -> dict[str, Any]:
    """A prediction as plain values for scripts; null is what theory makes no claim about, or a number without bound."""
    seen = {key: value for key, value in vars(p.seen).items() if key not in ("strengths", "covariances", "half")}
    return {
        "version": 1,
        "data": p.recipe.data.train,
        "seen": {**seen, "d": p.seen.d},
        "objective": asdict(p.recipe.objective),
        "theory": p.landscape.assumptions,
        "policy": {"name": policy_name(p), **asdict(p.recipe.views.policy)},
        "P": p.P,
        "D": p.D,
        "optimizer": p.recipe.optimizer.name,
        "decay": p.recipe.optimizer.weight_decay,
        "here": {
            **_as_json(p.here),
            "kept": p.kept,
            "by_half": p.by_half,
            "without_decay": p.undecayed,
            "nats": p.nats if p.nats is not None and isfinite(p.nats) else None,
            "shared": p.shared,
        },
        "parameter": None if p.parameter is None else asdict(p.parameter),
        "strengths": [_as_json(at) for at in p.strengths],
        "tenths": p.tenths(),
        "noise_shares": p.noise_shares.tolist(),
        "variances": None if p.variances is None else _finite(p.variances.tolist()),
        "bearable": None if p.bearable is None else _finite(p.bearable.tolist()),
        "percent_error": p.percent_error,
        "other_shapes": [{"P": P, "D": D, "percent_error": error} for P, D, error in other_shapes(p)],
        "advice": advice(p),
    }


def show_prediction(p: Prediction, console: Console) -> None:
    """Prints a prediction, and what to change."""
    for part in _parts(p):
        console.print(part, highlight=False)


def policy_name(p: Prediction) -> str | None:
    """The policy's name, if it has one."""
    policy = p.recipe.views.policy
    return next((name for name, known in POLICIES.items() if known == policy), None)


def objective_words(p: Prediction) -> str:
    """The objective with the options that the recipe gives it."""
    objective = p.recipe.objective
    options = ", ".join(f"{key} {value}" for key, value in objective.options.items())
    return f"{objective.name} ({options})" if options else objective.name


def views_words(p: Prediction) -> str:
    """The views by their policy's name, and their strength."""
    name = policy_name(p)
    views = "the recipe's views" if name is None else f"'{name}' views"
    return views if p.here.strength == 1 else f"{views} at strength {number(p.here.strength)}"


def _parts(p: Prediction) -> Iterator[Table | Text]:
    yield Text(_seen(p))
    yield Text(f"{objective_words(p)} with {views_words(p)}: {_survive(p)}.", style="bold")
    yield from _lines([*_of_embeddings(p), *_of_the_batch(p), *_of_settings(p), *_of_views(p)])
    if len(p.strengths) > 1 and not p.landscape.shape_decides:
        yield _table(p)
        yield from _lines([_gone(p)])
    yield Text("What to change", style="bold")
    yield from _lines(advice(p))
    features = "Features are centred and scaled to a mean variance of 1 at each strength."
    yield Text(f"Theory: {p.landscape.assumptions}. {features}", style="dim")


def _lines(sentences: Sequence[str]) -> Iterator[Text]:
    return (Text(f"  {sentence}") for sentence in sentences)


def _seen(p: Prediction) -> str:
    seen = p.seen
    some = f"{seen.images:,} images" if seen.images == seen.of else f"{seen.images:,} of {seen.of:,} images"
    views = f"{some} × {seen.K} views of {seen.size} × {seen.size}"
    if seen.features == PIXELS:
        what = f"as {seen.patches} × {seen.patches} {'grey ' if seen.grey else ''}pixels, {seen.d} directions"
    elif seen.features == UNTRAINED:
        what = f"through an untrained {p.recipe.encoder.name}, {seen.d} directions"
    else:
        what = f"through the encoder of {seen.features}, {seen.d} directions"
    return f"{p.recipe.data.train}: {views}, {what}"


def _survive(p: Prediction) -> str:
    at = p.here
    if not at.survivors:
        return f"0 of {at.directions} directions survive: complete collapse"
    return f"{at.survivors} of {at.directions} directions survive{'s' if at.survivors == 1 else ''}"


def _of_embeddings(p: Prediction) -> Iterator[str]:
    at = p.here
    if at.survivors > p.D:
        yield f"D = {p.D} embeds only {p.D} of the {at.survivors} surviving directions."
    unbounded = 0 if p.variances is None else sum(not isfinite(v) for v in p.variances.tolist())
    if unbounded:
        yield (
            f"Views do not vary {unbounded} of the surviving directions: along these, embeddings are unbounded and "
            "grow for as long as training lasts."
        )
    elif p.shared is not None and p.shared < _ALL:
        yield f"Views of an image share {percent(p.shared)} of the variance of embeddings; the rest is noise."


def _of_the_batch(p: Prediction) -> Iterator[str]:
    if p.nats is not None and log(p.P) < p.nats < inf:
        yield (
            f"The prediction needs {number(p.nats)} nats, but InfoNCE with P = {p.P} saturates at log P = "
            f"{number(log(p.P))}: theory assumes many negatives, and training will deviate from it."
        )


def _of_settings(p: Prediction) -> Iterator[str]:
    decay, at = p.recipe.optimizer.weight_decay, p.here
    if p.landscape.shape_decides:
        worst = ", close to the worst case P = D" if p.percent_error > _WORST else ""
        yield (
            f"With P = {p.P} and D = {p.D}, uniform embeddings stay {percent(p.percent_error)} short "
            f"of the nuclear norm's bound{worst}."
        )
    if p.landscape.fixed_length:
        yield "Weight decay changes only the scale of the last layer, since embeddings are normalised."
    elif p.landscape.decay is None:
        yield (
            "Theory makes no claim about AdamW's weight decay, which is decoupled from the loss: "
            "this prediction ignores weight decay."
        )
    elif decay and p.undecayed:
        cost = p.undecayed - at.survivors
        cost = f"{cost or 'none'} of the {p.undecayed} directions that survive without it"
        yield f"Weight decay {decay:g} removes {cost}."


def _of_views(p: Prediction) -> Iterator[str]:
    at = p.here
    if at.augmentation:
        yield (
            f"Views add {percent(at.augmentation)} of the features' variance, along axes whose misalignment with the "
            f"data's axes is {at.misalignment:.2f} (0: the same axes; 1: random axes)."
        )
    else:
        yield "These views change nothing: all views of an image are identical."
    if at.directions < p.seen.d:
        yield f"{p.seen.d - at.directions} of {p.seen.d} dimensions do not vary in these views and are excluded."
    if at.drowned:
        noise = p.perhaps_noise
        those = f", so {noise} of the surviving directions may be noise" if noise else ""
        yield (
            f"In {at.drowned} directions the variance that views share is not distinguishable from zero "
            f"with {p.seen.images:,} images{those}."
        )
    if p.by_half is not None and abs(p.by_half - at.survivors) > max(1, _STEADY * at.survivors):
        yield (
            f"With half of the images {p.by_half} directions survive, so even all images may be too few: "
            "use more images (--images) or views (--views)."
        )


def _table(p: Prediction) -> Table:
    by_chance = any(at.distinguishable < at.survivors for at in p.strengths)
    distinguishable = ["(distinguishable from noise)"] if by_chance else []
    table = Table("(strength)", "(survive)", *distinguishable, "(of all)", "(added by views)", "(misalignment)")
    for at in p.strengths:
        cells = (
            f"{'→ ' if at is p.here else ''}{number(at.strength)}",
            f"{at.survivors:,}",
            *([f"{at.distinguishable:,}"] if by_chance else []),
            percent(at.distinguishable / at.directions),
            percent(at.augmentation),
            f"{at.misalignment:.2f}",
        )
        table.add_row(*cells, style="bold" if at is p.here else "")
    return table


def _gone(p: Prediction) -> str:
    counts = [at.distinguishable for at in p.strengths]
    if counts != sorted(counts, reverse=True):
        why = ": with normalised embeddings, only relative noise counts" if p.landscape.fixed_length else ""
        return f"Stronger views do not always keep fewer directions{why}."
    tenths = p.tenths()
    weakest, strongest = p.strengths[0].strength, p.strengths[-1].strength
    gone = [f"{10 * (i + 1)} % by {number(at, 2)}" for i, at in enumerate(tenths) if at]
    before = tenths.count(0)
    if before:
        gone.insert(0, f"{10 * before} % before {number(weakest)}")
    if not gone:
        return f"Up to strength {number(strongest)}, fewer than a tenth of the directions collapse."
    noise = any(at.distinguishable < at.survivors for at in p.strengths)
    lost = "Directions collapsed or indistinguishable from noise" if noise else "Directions collapsed"
    return f"{lost}, by strength: {', '.join(gone)}."


def _as_json(at: AtStrength) -> dict[str, Any]:
    return {**asdict(at), "distinguishable": at.distinguishable}


def _finite(values: Sequence[float]) -> list[float | None]:
    return [value if isfinite(value) else None for value in values]
