"""A momentum teacher: what it averages, on several ranks, and through a resumed run."""

import copy
import dataclasses
import sys
from pathlib import Path

import pytest
import torch
from torch.multiprocessing.spawn import spawn

from eigenview.config import ObjectiveRecipe, Recipe, TeacherRecipe
from eigenview.runs import Run, load_checkpoint
from eigenview.training import train
from eigenview.training.learner import Learner
from eigenview.training.schedule import teacher_momentum
from eigenview.training.teacher import EMATeacher
from tests.training.teacher_ranks import STEPS, small_model, train_a_rank

train_module = sys.modules["eigenview.training.train"]


def test_it_is_the_average_of_the_weights_so_far() -> None:
    model = small_model().double()
    teacher = EMATeacher(model, 0.6, STEPS)
    expected = [p.detach().clone() for p in model.parameters()]
    for step in range(STEPS):
        with torch.no_grad():
            for p in model.parameters():
                p.add_(torch.randn(p.shape, dtype=p.dtype, generator=torch.Generator().manual_seed(step)))
        teacher.update(model, step)
        momentum = teacher_momentum(step, STEPS, 0.6)
        expected = [momentum * mean + (1 - momentum) * p for mean, p in zip(expected, model.parameters(), strict=True)]
    twin = copy.deepcopy(model)
    for p, mean in zip(twin.parameters(), expected, strict=True):
        p.data.copy_(mean)
    views = torch.rand(2, 5, 3, 8, 8, dtype=torch.float64)
    z = teacher.embed(views)
    assert not z.requires_grad
    torch.testing.assert_close(z, twin.train()(views)[1].detach())


def test_it_stays_equal_on_all_ranks(tmp_path: Path) -> None:
    spawn(train_a_rank, (2, str(tmp_path)), nprocs=2)
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    start = EMATeacher(small_model(), 0.5, STEPS).state_dict()
    for what in ("teacher", "predictor"):
        assert any("running" in name for name in first[what]) is (what == "predictor")
        for name, value in first[what].items():
            assert torch.equal(value, second[what][name]), name
    assert any(not torch.equal(value, start[name]) for name, value in first["teacher"].items())


def test_a_resumed_run_ends_with_the_same_teacher_and_predictor(tiny: Recipe, tmp_path: Path, monkeypatch) -> None:
    recipe = dataclasses.replace(
        tiny,
        objective=ObjectiveRecipe("BYOL", {"hidden": [32]}),
        teacher=TeacherRecipe(momentum=0.9),
        training=dataclasses.replace(tiny.training, steps=6, checkpoint_every=4),
    )
    monkeypatch.setattr(train_module, "evaluate", lambda *_: None)
    assert train(recipe, tmp_path / "whole") == "finished"
    step = Learner.step

    def broken(self, batch):
        if batch.step == 5:
            raise RuntimeError("power cut")
        return step(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Learner, "step", broken)
        with pytest.raises(RuntimeError, match="power cut"):
            train(recipe, tmp_path / "cut")
    assert train(recipe, tmp_path / "cut", resume=True) == "finished"
    ends = []
    for name in ("whole", "cut"):
        newest = Run.open(tmp_path / name).last_checkpoint
        assert newest is not None
        ends.append(load_checkpoint(newest))
    assert ends[0].step == ends[1].step == 6
    for found in (lambda end: end.weights, lambda end: end.state["teacher"], lambda end: end.state["objective"]):
        whole, cut = map(found, ends)
        assert whole.keys() == cut.keys()
        assert len(whole) > 0
        assert all(torch.equal(whole[name], cut[name]) for name in whole)
    weights, teacher = ends[0].weights, ends[0].state["teacher"]
    assert not torch.equal(weights["projector.0.weight"], teacher["module.projector.0.weight"])
