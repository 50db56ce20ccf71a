"""What a prediction says: strengths by which tenths go, sentences, advice, figures."""

import io
from dataclasses import dataclass, replace
from math import inf

import numpy as np
import pytest
from rich.console import Console

from eigenview.config import Recipe
from eigenview.predict import (
    Covariances,
    CovariancesByStrength,
    Landscape,
    Prediction,
    TunableParameter,
    plot_prediction,
    prediction_as_json,
    show_prediction,
)
from eigenview.predict.advice import advice, other_shapes
from eigenview.predict.prediction import AtStrength

SEEN = CovariancesByStrength(
    (1.0,),
    (Covariances(np.eye(10), np.eye(10), np.zeros(10), 50, 0.0),),
    half=None,
    features="pixels",
    images=50,
    of=60,
    skipped=0,
    K=2,
    size=8,
    patches=2,
    grey=False,
    seed=0,
)
BETA = TunableParameter("β", "--objective.options beta=", 0.5, (0.25, 0.5, 0.75, 1.0), logarithmic=False)


@dataclass(frozen=True)
class Fixed(Landscape):
    """A landscape of which all is given."""

    decay: float | None = 0.0
    parameter: TunableParameter | None = BETA  # pyright: ignore[reportIncompatibleMethodOverride]
    fixed_length: bool = False  # pyright: ignore[reportIncompatibleVariableOverride]
    shape_decides: bool = False  # pyright: ignore[reportIncompatibleVariableOverride]
    assumptions: str = "a theory"  # pyright: ignore[reportIncompatibleMethodOverride]
    survivors = survivors_over = minimum = origin = None  # pyright: ignore[reportAssignmentType]


NORMALISED = Fixed(fixed_length=True)
DECAY = Fixed(parameter=TunableParameter("weight decay", "--weight-decay ", 0.0, (1e-6, 1e-3, 0.1, 1.0)))
DECOUPLED = Fixed(decay=None, parameter=None)
MMCR = Fixed(parameter=None, fixed_length=True, shape_decides=True)


def at(strength: float, survivors: int, over_parameter: tuple[int, ...] = (2, 4, 5, 8)) -> AtStrength:
    return AtStrength(
        strength, survivors, over_parameter, directions=10, augmentation=0.3, misalignment=0.2, drowned=0, clipped=0.0
    )


def prediction(*strengths: AtStrength, here: int = 1, D: int = 16, P: int = 32) -> Prediction:
    recipe = Recipe.from_yaml(
        f"projector: {{D: {D}}}\ntraining: {{P: {P}}}\nobjective: BetaInfoNCE\nviews: {{policy: large}}"
    )
    kept = strengths[here].survivors
    variances = np.concatenate([np.linspace(2, 1, kept), np.zeros(10 - kept)])
    return Prediction(
        recipe,
        SEEN,
        Fixed(),
        strengths[here],
        strengths,
        np.linspace(0, 1, 10),
        variances,
        0.5,
        kept,
        kept,
        nats=3.0,
        bearable=None,
    )


def said(p: Prediction) -> str:
    console = Console(width=200, no_color=True, record=True, file=io.StringIO())
    show_prediction(p, console)
    return console.export_text()


@pytest.fixture
def falling() -> Prediction:
    return prediction(at(0.5, 8), at(1.0, 4), at(2.0, 3))


def test_tenths_are_interpolated(falling):
    assert falling.tenths() == [0.0, 0.0, *(pytest.approx(x) for x in (0.625, 0.75, 0.875, 1.0, 2.0)), None, None, None]
    assert prediction(at(0.5, 0), at(1.0, 0)).tenths() == [0.0] * 10
    assert prediction(at(0.5, 10), at(1.0, 10)).tenths() == [None] * 10
    assert "Directions collapsed, by strength: 20 % before 0.5, 30 % by 0.62, 40 % by 0.75" in said(falling)
    assert "Up to strength 1, fewer than a tenth of the directions collapse." in said(
        prediction(at(0.5, 10), at(1.0, 10))
    )


def test_survivors_that_rise_again_are_no_tenths():
    p = prediction(at(0.5, 8), at(1.0, 4), at(2.0, 9))
    assert "do not always keep fewer directions." in said(p)
    assert "with normalised embeddings, only relative noise counts" in said(replace(p, landscape=NORMALISED))


def test_survivors_beyond_what_can_be_told_from_zero_may_be_noise(falling):
    drowned = replace(falling, here=replace(falling.here, drowned=7))
    words = "In 7 directions the variance that views share is not distinguishable from zero with 50 images, so 1 of"
    assert words in said(drowned)
    assert "with 50 images.\n" in said(replace(falling, here=replace(falling.here, drowned=6)))
    full = prediction(replace(at(1.0, 10, (10, 10, 10, 10)), drowned=3), here=0)
    assert advice(full) == ["Nothing: every direction survives, but 3 of the surviving directions may be noise."]


def test_table_and_advice_count_what_is_distinguishable_from_noise():
    weak, strong = at(0.5, 10), replace(at(1.0, 10, (7, 8, 9, 10)), drowned=8)
    p = replace(prediction(weak, strong, D=5), undecayed=10)
    assert [p.here.distinguishable, p.here.survivors, p.perhaps_noise] == [2, 10, 8]
    # Neither a weaker decay nor another β finds more of what is not distinguishable from noise.
    assert advice(p) == [
        "Views of strength 0.5 keep 8 more directions (--strength 0.5).",
        "Directions that views vary most collapse first: keep a direction only if it carries information you need.",
    ]
    assert p.tenths()[:3] == [pytest.approx(0.5 + 0.5 * tenth / 8) for tenth in (1, 2, 3)]
    printed = said(p)
    (row,) = (line.split() for line in printed.splitlines() if "→" in line)
    assert row == ["→", "1", "10", "2", "20", "%", "30", "%", "0.20"]
    assert "distinguishable" in printed
    assert "Directions collapsed or indistinguishable from noise, by strength: 10 % by 0.56" in printed
    assert prediction_as_json(p)["here"]["distinguishable"] == 2
    assert "distinguishable" not in said(prediction(weak, at(1.0, 4)))


def test_room_is_for_what_is_distinguishable_from_noise():
    p = prediction(replace(at(1.0, 10, (10, 10, 10, 10)), drowned=4), here=0, D=5)
    assert advice(p) == [
        "D = 5 is smaller than the 6 surviving directions that are distinguishable from noise: use --dim 6."
    ]


def test_a_batch_too_small_for_the_nats_is_told(falling):
    assert "nats" not in said(falling)  # log 32 is 3.47
    told = said(replace(falling, nats=3.6))
    assert "The prediction needs 3.6 nats, but InfoNCE with P = 32 saturates at log P = 3.47" in told
    assert prediction_as_json(replace(falling, nats=inf))["here"]["nats"] is None
    for nats in (None, inf):
        assert "nats" not in said(replace(falling, nats=nats))


def test_advice_is_the_least_change_that_keeps_a_tenth_more(falling):
    assert advice(falling)[:2] == [
        "Views of strength 0.5 keep 4 more directions (--strength 0.5).",
        "With β 0.75, 1 more direction survives (--objective.options beta=0.75).",
    ]
    assert advice(falling)[-1].startswith("Directions that views vary most collapse first")
    almost = prediction(at(0.75, 4), at(1.0, 4, (4, 4, 4, 4)))
    assert advice(almost) == [
        "Nothing: neither weaker views nor any other setting of this sweep keeps clearly more directions."
    ]


def test_too_few_images_are_told_by_half_of_them(falling):
    assert "half of the images" not in said(falling)
    assert "half of the images" not in said(replace(falling, by_half=None))
    assert "With half of the images 7 directions survive" in said(replace(falling, by_half=7))


def test_advice_where_nothing_goes():
    p = prediction(at(0.5, 10), at(1.0, 10), at(2.0, 10), at(3.0, 9))
    assert advice(p) == ["Nothing: every direction survives, at least up to views of strength 2."]
    assert advice(prediction(at(1.0, 10), here=0)) == ["Nothing: every direction survives."]


def test_advice_on_decay_and_room(falling):
    p = replace(prediction(at(0.5, 6), at(1.0, 6, (6, 6, 6, 6)), D=4), undecayed=7)
    assert advice(p) == [
        "Without weight decay, 1 more direction survives (--weight-decay 0).",
        "D = 4 is smaller than the 6 surviving directions: use --dim 6.",
    ]
    assert p.kept == 4


def test_theory_makes_no_claim_about_decoupled_decay(falling):
    p = replace(falling, landscape=DECOUPLED, undecayed=None)
    claim = "Theory makes no claim about AdamW's weight decay, which is decoupled from the loss"
    assert claim in said(p)
    assert claim not in said(falling)
    assert claim not in said(replace(p, landscape=replace(NORMALISED, decay=None)))
    assert advice(p) == [
        "Views of strength 0.5 keep 4 more directions (--strength 0.5).",
        "Directions that views vary most collapse first: keep a direction only if it carries information you need.",
    ]
    assert [prediction_as_json(p)[key] for key in ("parameter", "optimizer")] == [None, "sgd"]
    assert prediction_as_json(p)["here"]["without_decay"] is None


def test_shapes_near_the_worst_are_advised_against():
    p = replace(prediction(at(1.0, 10), here=0, P=64, D=64), landscape=MMCR)
    assert "Use P = 32 or P = 128 with D = 64: 6.7 % short of the bound instead of 15.1 %" in advice(p)[0]
    assert "close to the worst case P = D" in said(p)
    assert [error for *_, error in other_shapes(p)] == sorted(error for *_, error in other_shapes(p))
    assert len(other_shapes(replace(prediction(at(1.0, 10), here=0, P=1, D=1), landscape=MMCR))) == 2


CASES = ["falling", "one strength", "no variances", "unbounded", "MMCR", "no decay", "decoupled", "lone", "none"]


@pytest.mark.parametrize(("case", "ending"), [("falling", ".png"), ("falling", ".pdf"), *((c, ".svg") for c in CASES)])
def test_all_are_drawn_and_told(case, ending, falling, tmp_path):
    p = {
        "falling": falling,
        "one strength": prediction(at(1.0, 4), here=0),
        "no variances": replace(falling, variances=None, shared=None),
        "unbounded": replace(falling, variances=np.array([inf, inf, *[1.0] * 8])),
        "MMCR": replace(falling, landscape=MMCR),
        "no decay": replace(falling, landscape=DECAY),
        "decoupled": replace(falling, landscape=DECOUPLED),
        "lone": replace(prediction(at(1.0, 4), here=0), landscape=DECOUPLED),
        "none": prediction(at(0.5, 0), at(1.0, 0)),
    }[case]
    plot_prediction(p, tmp_path / f"figure{ending}")
    assert (tmp_path / f"figure{ending}").stat().st_size > 5000
    assert said(p)
    assert prediction_as_json(p)["version"] == 1
