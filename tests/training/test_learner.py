"""One step of every objective, and what an objective may ask of the rest."""

import dataclasses
import inspect
from pathlib import Path

import pytest
import torch
from torch import nn

import eigenview
from eigenview._errors import UsageError
from eigenview.config import DataRecipe, ObjectiveRecipe, OptimizerRecipe, ProjectorRecipe, Recipe, TeacherRecipe
from eigenview.data import TrainingBatch
from eigenview.objectives import OBJECTIVES, Objective, Reference
from eigenview.runs import Checkpoint, Run, save_checkpoint
from eigenview.training.checkpointing import restore, training_state
from eigenview.training.dry_run import dry_run
from eigenview.training.learner import Learner, Update
from eigenview.training.nonfinite import first_nonfinite_weight
from eigenview.training.step_metrics import measure

STATISTICS = ((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))


class Warm(Objective):
    """Minus a learned level, which is what its best follows, times the mean square of embeddings of length one."""

    def __init__(self) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.tensor(2.0))

    def terms(self, z):
        return {"level": -self.level * nn.functional.normalize(z, dim=-1).square().sum(-1).mean()}

    def reference(self, K, P, D):
        return Reference(collapsed=0.0, uniform=None, best=-2 * self.level.item())


def test_the_recipe_names_every_objective():
    lines = Path(inspect.getfile(ObjectiveRecipe)).read_text()
    assert [name for name in OBJECTIVES if f"`{name}`" not in lines] == []


def learner(recipe: Recipe, objective: str, steps: int = 10, **changes) -> Learner:
    recipe = dataclasses.replace(recipe, objective=ObjectiveRecipe(objective), data=DataRecipe(size=8), **changes)
    training = dataclasses.replace(recipe.training, precision="32-true", device="cpu", P=16)
    return Learner(dataclasses.replace(recipe, training=training), STATISTICS, steps)


def update(of: Learner, step: int = 0) -> Update:
    images = torch.randint(0, 256, (16, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(step))
    return of.step(TrainingBatch(step, images, cropped=False))


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_takes_a_step_with_all_that_it_learns(name, tiny):
    taken = learner(tiny, name)
    dry_run(taken)
    before = {key: p.detach().clone() for key, p in taken.objective.named_parameters()}
    made = update(taken)
    assert made.finite
    assert sum(made.terms.values()) == pytest.approx(made.loss, rel=1e-5, abs=1e-5)
    for key, p in taken.objective.named_parameters():
        assert not torch.equal(p, before[key]), key


def test_what_an_objective_learns_counts_moves_does_not_decay_and_comes_back(tiny):
    optimizer = OptimizerRecipe("sgd", lr=0.1, momentum=0.0, warmup=0.0, weight_decay=0.5)
    taken = learner(tiny, f"{__name__}:Warm", optimizer=optimizer)
    weights = {key: value.clone() for key, value in taken.model.state_dict().items()}
    start = {key: copy_of(value) for key, value in training_state(taken).items()}
    made = update(taken)
    assert isinstance(taken.objective, Warm)
    assert made.gradient_norm == pytest.approx(1, abs=1e-3)  # of the level: rows of length one have no other
    assert taken.objective.level.item() == pytest.approx(2.1)
    # The scale is that of what was learned so far.
    assert measure(1, made, taken.reference, with_spectrum=False).scale == pytest.approx(2 / 4.2)
    restore(taken, weights, start)
    assert taken.objective.level.item() == 2
    assert first_nonfinite_weight(taken) is None
    taken.objective.level.data.fill_(torch.nan)
    assert first_nonfinite_weight(taken) == "objective.level"


def copy_of(state):
    return {k: v.clone() if isinstance(v, torch.Tensor) else v for k, v in state.items()}


def test_clipping_counts_an_objectives_gradient(tiny):
    taken = learner(
        tiny, f"{__name__}:Warm", optimizer=OptimizerRecipe("sgd", lr=0.1, momentum=0.0, warmup=0.0, clip=0.5)
    )
    update(taken)
    assert isinstance(taken.objective, Warm)
    assert taken.objective.level.item() == pytest.approx(2.05, abs=1e-4)


def test_a_teacher_needs_an_objective_that_compares_with_one(tiny):
    with pytest.raises(UsageError, match=r"such as BYOL; MMCR does not use one: omit teacher\.momentum$"):
        learner(tiny, "MMCR", teacher=TeacherRecipe(momentum=0.9))
    assert learner(tiny, "BYOL").teacher is None


def test_a_teacher_moves_the_target_and_not_at_once(tiny):
    losses = {}
    for momentum in (None, 0.0, 0.99):
        taken = learner(tiny, "BYOL", teacher=TeacherRecipe(momentum=momentum))
        losses[momentum] = [update(taken, step).loss for step in range(3)]
    assert losses[None][0] == losses[0.0][0] == losses[0.99][0]  # it begins as the model itself
    assert losses[0.0][1] == losses[None][1]  # without momentum it is the model
    assert losses[0.99][1] != losses[None][1]


@pytest.mark.parametrize("hidden", [(), (12,)])
@pytest.mark.parametrize("constraint", ["orthogonal", "scaled", "frobenius"])
def test_a_run_with_a_constrained_projector_loads(constraint, hidden, tiny, tmp_path):
    recipe = dataclasses.replace(tiny, projector=ProjectorRecipe(D=8, hidden=hidden), data=DataRecipe(size=8))
    options = {"constraint": constraint}
    recipe = dataclasses.replace(recipe, objective=ObjectiveRecipe("TraceContrastive", options))
    taken = Learner(recipe, STATISTICS, 10)
    assert update(taken).finite
    run = Run.create(tmp_path / "run", recipe)
    save_checkpoint(run.checkpoints, Checkpoint(1, taken.model.state_dict(), training_state(taken)))
    encoder = eigenview.load(run.path)
    weights = taken.model.encoder.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in encoder.state_dict().items())
    assert encoder(torch.zeros(2, 3, 8, 8, dtype=torch.uint8)).shape == (2, 32)
    again = Learner(recipe, STATISTICS, 10)
    assert run.last_checkpoint is not None
    loaded = eigenview.runs.load_checkpoint(run.last_checkpoint)
    restore(again, loaded.weights, loaded.state)
    for ours, theirs in zip(again.model.parameters(), taken.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
