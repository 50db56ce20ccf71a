"""The alarm of a predicted collapse: it agrees with `eigenview predict`, whatever the objective and the optimizer."""

from dataclasses import replace
from functools import cache

import pytest
import torch

from eigenview._errors import UsageError
from eigenview.alarms import AlarmEngine, has_origin, origin_of
from eigenview.config import Recipe
from eigenview.objectives import OBJECTIVES, EuclideanContrast, NotCovered, Objective, Reference
from eigenview.predict import CovariancesByStrength, CovarianceStream, Prediction, landscape_of, predict
from eigenview.runs import StepRecord
from eigenview.training.learner import Learner, Update
from eigenview.training.step_metrics import measure_objective

K, P, D = 3, 64, 4
STATISTICS = ((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))


class Outside(Objective):
    """Someone else's objective, which names a theory of ours."""

    def terms(self, z):
        return {"pull": (z[0] - z[1]).square().sum(-1).mean() / 2}

    def reference(self, K, P, D):
        return Reference(collapsed=0.0, uniform=None, best=0.0)

    def theory(self, K, P, D):
        return EuclideanContrast(beta=0.6, temperature=0.5, partner_share=0.1)


@cache
def features(noise: float) -> torch.Tensor:
    """Views of samples in 32 dimensions, of mean zero and mean variance 1, as a prediction takes them."""
    generator = torch.Generator().manual_seed(0)
    clean = torch.randn(P, 32, dtype=torch.float64, generator=generator) * torch.linspace(0.1, 2, 32)
    x = clean + noise * torch.randn(K, P, 32, dtype=torch.float64, generator=generator)
    x = x - x.mean((0, 1))
    stream = CovarianceStream()
    stream.add(x)
    return x / stream.covariances().scale ** 0.5


def recipe(objective: str, optimizer: str, decay: float) -> Recipe:
    base = Recipe.from_yaml(
        f"data: {{size: 8}}\nviews: {{K: {K}, policy: identity}}\nprojector: {{D: {D}, hidden: []}}\n"
        "encoder: {name: convnet, options: {width: 8}}\n"
        f"training: {{P: {P}, precision: 32-true, device: cpu}}\n"
    )
    text = f"objective: '{objective}'\noptimizer: {{name: {optimizer}, weight_decay: {decay}}}"
    return Recipe.from_yaml(text, base=base)


def predicted(of: Recipe, x: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> Prediction | None:
    """What `eigenview predict` says, with these features in the place of those of images; None if not covered."""

    def by_strength(recipe, strengths, *_):
        stream = CovarianceStream()
        stream.add(x)
        found = (stream.covariances().standardised(),) * len(strengths)
        return CovariancesByStrength(
            tuple(strengths), found, None, "pixels", x.shape[1], x.shape[1], 0, K, size=8, patches=8, grey=True, seed=0
        )

    monkeypatch.setattr("eigenview.predict.prediction.covariances_by_strength", by_strength)
    try:
        return predict(of)
    except UsageError as error:
        if not str(error).startswith(f"no prediction for {of.objective.name}: "):
            raise
        return None


def measured(of: Recipe, x: torch.Tensor) -> StepRecord:
    """What training measures at a step with these features."""
    update = Update(0.0, {}, 0.0, 0.0, x, x[..., :D].contiguous(), finite=True)
    return measure_objective(StepRecord(1), update, Learner(of, STATISTICS, steps=1000))


def alarms(record: StepRecord) -> list[str]:
    """Alarms after a measurement that repeats itself."""
    engine = AlarmEngine(1000, {})
    return [alarm.name for step in (1, 2) for alarm in engine.update(replace(record, step=step))]


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "lars"])
@pytest.mark.parametrize("objective", [*OBJECTIVES, f"{__name__}:Outside"])
def test_prediction_and_alarm_agree(objective, optimizer, monkeypatch):
    for noise, decay in ((0.5, 0.02), (30.0, 1e9)):
        of, x = recipe(objective, optimizer, decay), features(noise)
        record = measured(of, x)
        origin, prediction = record.origin, predicted(of, x, monkeypatch)
        if prediction is None:
            assert origin is None
            assert alarms(record) == []
            continue
        survivors = prediction.here.survivors
        assert (origin is None) == prediction.landscape.fixed_length
        if origin is not None:
            assert origin.growing == survivors
            expected = 0 if optimizer == "adamw" else decay / 2
            assert origin.decay == prediction.landscape.gamma == expected
            assert origin.largest is not None
            assert (origin.largest > 0) == (survivors > 0)
        assert ("collapse predicted" in alarms(record)) == (survivors == 0)


@pytest.mark.parametrize("noise", [0.5, 30.0])
def test_only_adamw_is_spared_what_decay_does(noise, monkeypatch):
    kept = {}
    for optimizer in ("sgd", "adamw"):
        for decay in (0.0, 1e9):
            prediction = predicted(recipe("BetaInfoNCE", optimizer, decay), features(noise), monkeypatch)
            assert prediction is not None
            kept[optimizer, decay] = prediction.here.survivors
    assert kept["adamw", 0.0] == kept["adamw", 1e9] == kept["sgd", 0.0]
    assert kept["sgd", 1e9] == 0


def test_inputs_that_do_not_vary_have_a_stable_origin():
    landscape = landscape_of(OBJECTIVES["BetaInfoNCE"](), K, P, D, 0.0)
    assert has_origin(landscape)
    found = origin_of(landscape, torch.ones(K, P, 5))
    assert found == {"largest": 0.0, "growing": 0, "between": 0.0, "within": 0.0, "decay": 0.0}


def test_a_batchs_own_mean_and_scale_count():
    """Spectral contrast does not centre: a mean far from zero is a direction that grows, whatever views do to it."""
    landscape = landscape_of(OBJECTIVES["SpectralContrastive"](), K, P, D, 0.5)
    assert has_origin(landscape)
    x = 0.01 * features(0.5)
    assert origin_of(landscape, x)["growing"] == 0
    assert origin_of(landscape, x + 3)["growing"] == 1
    assert origin_of(landscape, 100 * x)["growing"] > 1


def test_what_has_no_origin_is_told_apart():
    assert not has_origin(NotCovered("of no theory"))
    cosines = landscape_of(OBJECTIVES["SimCLR"](), K, P, D, 0.0)
    assert not has_origin(cosines)
    with pytest.raises(ValueError, match="normalised"):
        origin_of(cosines, features(0.5))  # pyright: ignore[reportArgumentType]


def test_wrong_inputs_are_refused():
    landscape = landscape_of(OBJECTIVES["BetaInfoNCE"](), K, P, D, 0.0)
    assert has_origin(landscape)
    for x, words in ((torch.full((2, 5, 3), torch.nan), "not finite"), (torch.ones(1, 5, 3), "at least two views")):
        with pytest.raises(ValueError, match=words):
            origin_of(landscape, x)
