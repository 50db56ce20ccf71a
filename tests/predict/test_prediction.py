"""What is made of a prediction: strengths by which tenths go, sentences and advice."""

import io
from dataclasses import replace
from math import inf

import numpy as np
import pytest
from rich.console import Console

from eigenview.config import Recipe
from eigenview.predict import (
    Covariances,
    CovariancesByStrength,
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


def at(strength: float, survivors: int, over_knob: tuple[int, ...] = (2, 4, 5, 8)) -> AtStrength:
    return AtStrength(
        strength, survivors, over_knob, directions=10, augmentation=0.3, misalignment=0.2, drowned=0, clipped=0.0
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
        "a theory",
        BETA,
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
    assert "Gone, by strength: 20 % before 0.5, 30 % by 0.62, 40 % by 0.75" in said(falling)
    assert "not even a tenth" in said(prediction(at(0.5, 10), at(1.0, 10)))


def test_survivors_that_rise_again_are_no_tenths():
    p = prediction(at(0.5, 8), at(1.0, 4), at(2.0, 9))
    assert "do not simply keep fewer." in said(p)
    assert "do not simply keep fewer: where all directions are noisy" in said(replace(p, undecayed=None))


def test_survivors_beyond_what_can_be_told_from_zero_may_be_noise(falling):
    drowned = replace(falling, here=replace(falling.here, drowned=7))
    assert "In 7 directions what views share cannot be told from zero by 50 images: 1 of those" in said(drowned)
    assert "by 50 images.\n" in said(replace(falling, here=replace(falling.here, drowned=6)))
    full = prediction(replace(at(1.0, 10, (10, 10, 10, 10)), drowned=3), here=0)
    assert advice(full) == ["Nothing keeps more: every direction survives, 3 of them perhaps as nothing but noise."]


def test_table_and_advice_count_what_can_be_told_from_chance():
    weak, strong = at(0.5, 10), replace(at(1.0, 10, (7, 8, 9, 10)), drowned=8)
    p = replace(prediction(weak, strong, D=5), undecayed=10)
    assert [p.here.told, p.here.survivors, p.perhaps_noise] == [2, 10, 8]
    # Neither a weaker decay nor another β finds more of what cannot be told from chance.
    assert advice(p) == [
        "Views of strength 0.5 keep 8 more.",
        "What goes first is what views vary most: keep it only if what you need lies in it.",
    ]
    assert p.tenths()[:3] == [pytest.approx(0.5 + 0.5 * tenth / 8) for tenth in (1, 2, 3)]
    printed = said(p)
    (row,) = (line.split() for line in printed.splitlines() if "→" in line)
    assert row == ["→", "1", "10", "2", "20", "%", "30", "%", "0.20"]
    assert "told from chance" in printed
    assert "Gone, or no longer told from chance, by strength: 10 % by 0.56" in printed
    assert prediction_as_json(p)["here"]["told"] == 2
    assert "told from chance" not in said(prediction(weak, at(1.0, 4)))


def test_room_is_for_what_can_be_told_from_chance():
    p = prediction(replace(at(1.0, 10, (10, 10, 10, 10)), drowned=4), here=0, D=5)
    assert advice(p) == ["D = 5 has room for 5 of the 6 that survive and are no chance: --D 6 takes all."]


def test_a_batch_too_small_for_the_nats_is_told(falling):
    assert "nats" not in said(falling)  # log 32 is 3.47
    told = said(replace(falling, nats=3.6))
    assert "This asks for 3.6 nats, and batches of P = 32 carry log P = 3.47 at most" in told
    assert prediction_as_json(replace(falling, nats=inf))["here"]["nats"] is None
    for nats in (None, inf):
        assert "nats" not in said(replace(falling, nats=nats))


def test_advice_is_the_least_change_that_keeps_a_tenth_more(falling):
    assert advice(falling)[:2] == [
        "Views of strength 0.5 keep 4 more.",
        "With a β of 0.75, 1 more survives (--objective.options beta=0.75).",
    ]
    assert advice(falling)[-1].startswith("What goes first")
    almost = prediction(at(0.75, 4), at(1.0, 4, (4, 4, 4, 4)))
    assert advice(almost) == ["Nothing here changes much: no weaker views that were looked at keep clearly more."]


def test_too_few_images_are_told_by_half_of_them(falling):
    assert "By half" not in said(falling)
    assert "By half" not in said(replace(falling, by_half=None))
    assert "By half of the images 7 survive" in said(replace(falling, by_half=7))


def test_advice_where_nothing_goes():
    p = prediction(at(0.5, 10), at(1.0, 10), at(2.0, 10), at(3.0, 9))
    assert advice(p) == ["Nothing: every direction survives, up to views of strength 2 at least."]
    assert advice(prediction(at(1.0, 10), here=0)) == ["Nothing: every direction survives."]


def test_advice_on_decay_and_room(falling):
    p = replace(prediction(at(0.5, 6), at(1.0, 6, (6, 6, 6, 6)), D=4), undecayed=7)
    assert advice(p) == [
        "Without weight decay 1 more survives (--decay 0).",
        "D = 4 has room for 4 of the 6 that survive: --D 6 takes all.",
    ]
    assert p.kept == 4


def test_shapes_near_the_worst_are_advised_against():
    p = replace(prediction(at(1.0, 10), here=0, P=64, D=64), knob=None)
    assert "P = 32 or P = 128 at D = 64: 6.7 % short of the bound instead of 15.1 %" in advice(p)[0]
    assert "the worst there is" in said(p)
    assert [error for *_, error in other_shapes(p)] == sorted(error for *_, error in other_shapes(p))
    assert len(other_shapes(replace(prediction(at(1.0, 10), here=0, P=1, D=1), knob=None))) == 2


CASES = ["falling", "one strength", "no variances", "unbounded", "MMCR", "no decay", "none"]


@pytest.mark.parametrize(("case", "ending"), [("falling", ".png"), ("falling", ".pdf"), *((c, ".svg") for c in CASES)])
def test_all_are_drawn_and_told(case, ending, falling, tmp_path):
    p = {
        "falling": falling,
        "one strength": prediction(at(1.0, 4), here=0),
        "no variances": replace(falling, variances=None, shared=None),
        "unbounded": replace(falling, variances=np.array([inf, inf, *[1.0] * 8])),
        "MMCR": replace(falling, knob=None),
        "no decay": replace(falling, knob=TunableParameter("weight decay", "--decay ", 0.0, (1e-6, 1e-3, 0.1, 1.0))),
        "none": prediction(at(0.5, 0), at(1.0, 0)),
    }[case]
    plot_prediction(p, tmp_path / f"figure{ending}")
    assert (tmp_path / f"figure{ending}").stat().st_size > 5000
    assert said(p)
    assert prediction_as_json(p)["version"] == 1
