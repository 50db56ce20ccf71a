"""One update: views, nets, objective, gradient, optimizer."""

import copy
import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from lightning_fabric import Fabric
from torch import Tensor, nn

from eigenview._errors import UsageError
from eigenview.alarms import first_not_finite, last_gradient_not_finite
from eigenview.config import Recipe
from eigenview.data import TrainingBatch
from eigenview.nets import Model, TwoTower, Vocabulary
from eigenview.objectives import Objective, Reference, TeacherObjective, build_objective
from eigenview.runs import Statistics, Towers, build_model, build_towers
from eigenview.training.optimizers import build_optimizer
from eigenview.training.precision import choose_device, choose_precision
from eigenview.training.schedule import learning_rate
from eigenview.training.teacher import EMATeacher
from eigenview.views import augment, augment_cropped


@dataclass(frozen=True)
class Update:
    """What one update saw; it was not made where loss or gradient are not `finite`.

    Of image–text pairs, h are the images' features (K = 1), and z the embeddings of images and of texts (K = 2).
    """

    loss: float
    terms: dict[str, float]
    gradient_norm: float
    lr: float
    h: Float[Tensor, "Kh P d"]
    z: Float[Tensor, "K P D"]
    finite: bool


class Learner:
    """The nets, the objective and the optimizer of a recipe, and the step that moves them.

    Parameters that an objective has of its own, such as a predictor, are trained with the nets.

    It seeds torch's global generator, which nets with dropout draw from; views have a generator of their own, seeded
    by the step, so that what is drawn does not depend on where a run was resumed.

    Args:
        recipe: what to build; its `data.size` and `training.precision` are known by now.
        statistics: mean and standard deviation of the images' channels.
        steps: updates in all.
        vocabulary: that captions are read with, where the recipe is of image–text pairs.

    Raises:
        UsageError: something that the recipe names cannot be, or does not go with the rest.
    """

    def __init__(
        self, recipe: Recipe, statistics: Statistics, steps: int, vocabulary: Vocabulary | None = None
    ) -> None:
        assert recipe.data.size is not None
        assert recipe.of_pairs == (vocabulary is not None)
        self.recipe, self.size, self.steps = recipe, recipe.data.size, steps
        device = choose_device(recipe.training.device)
        self.precision = choose_precision(recipe.training.precision, device)
        self.fabric = _silent_fabric(device, self.precision)
        torch.manual_seed(recipe.training.seed)
        self.vocabulary = vocabulary
        model: Model | TwoTower = (build_towers if recipe.of_pairs else build_model)(recipe, statistics)
        self.model = model.to(self.fabric.device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.D = recipe.projector.D or self.model.encoder.features
        objective = build_objective(recipe.objective.name, recipe.objective.options, self.D)
        self.objective = objective.to(self.fabric.device)
        if recipe.of_pairs:
            _check_takes_towers(objective)
        self.objective.constrain(self.model.projector)
        self.teacher = self._build_teacher(recipe.teacher.momentum)
        self._trained = nn.ModuleList([self.model, self.objective])
        o = recipe.optimizer
        self.optimizer = build_optimizer(self._trained, o.name, o.lr, o.momentum, o.weight_decay)
        running: nn.Module = torch.compile(self.model) if recipe.training.compile else self.model  # pyright: ignore[reportAssignmentType]
        self._model, self._optimizer = self.fabric.setup(running, self.optimizer)

    def _build_teacher(self, momentum: float | None) -> EMATeacher | None:
        if momentum is None:
            return None
        if not isinstance(self.objective, TeacherObjective):
            raise UsageError(
                f"teacher.momentum is for objectives that compare with a teacher, such as BYOL; "
                f"{type(self.objective).__name__} compares with none: leave it out"
            )
        return EMATeacher(self.model, momentum, self.steps)

    def _target(self, views: Tensor, *_: Tensor) -> Float[Tensor, "K P D"] | None:
        if self.teacher is None:
            return None
        with self.fabric.autocast():
            return self.teacher.embed(views)

    def step(self, batch: TrainingBatch) -> Update:
        """One update on a batch of uint8 images; none where loss or gradient are not finite."""
        o = self.recipe.optimizer
        lr = learning_rate(batch.step, self.steps, o.lr, o.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self._trained.train()
        inputs = self.inputs(batch)
        h, z = self._model(*inputs)
        terms = self.objective.checked_terms(z, self._target(*inputs))
        loss = torch.stack(list(terms.values())).sum()
        self._optimizer.zero_grad()
        self.fabric.backward(loss)
        gradients = [p.grad for p in self._trained.parameters() if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        finite = bool(torch.isfinite(loss + norm))
        if finite:
            if o.clip is not None:
                torch.nn.utils.clip_grads_with_norm_(self._trained.parameters(), o.clip, norm)
            self._optimizer.step()
            if self.teacher is not None:
                self.teacher.update(self.model, batch.step)
        named = {name: term.item() for name, term in terms.items()}
        return Update(loss.item(), named, norm.item(), lr, h.detach().float(), z.detach().float(), finite)

    def dry_run(self) -> None:
        """Sends blank views through once, so that what cannot run is told before anything is written.

        Raises:
            UsageError: nets or objective cannot take such views, or there are too few.
        """
        K, P = self.K, self.recipe.training.P
        self.objective.check_shape(K, P)
        if K * P < 2:
            raise UsageError("one view of one sample is too little: raise training.P or views.K")
        few = min(P, 2)
        blank = torch.zeros(self.recipe.views.K, few, 3, self.size, self.size, device=self.fabric.device)
        try:
            with torch.no_grad(), torch.random.fork_rng():
                self._trained.eval()
                _, z = self.model(*self._with_texts(blank, ("blank",) * few))
                self.objective.checked_terms(z.float().repeat_interleave(P // few, dim=1))
        except Exception as error:
            views = f"views of {self.size}×{self.size}"
            raise UsageError(f"encoder or objective cannot take {views}: {type(error).__name__}: {error}") from error

    def first_nonfinite_weight(self) -> str | None:
        """The first weight or running statistic that is not finite, by its name; None if all are."""
        named = [(name, t) for name, t in self._parts().state_dict().items() if t.is_floating_point()]
        return next((name for name, tensor in named if not torch.isfinite(tensor).all()), None)

    def where_not_finite(self, batch: TrainingBatch) -> str:
        """Where numbers first were not finite in the update of this batch, which was not made, in words.

        The batch goes forward once more, with the weights it met: through dropout by other numbers, and through batch
        norm, whose running statistics then have seen it twice. The run ends here, so neither matters to it.
        """
        inputs = self.inputs(batch)
        if not torch.isfinite(inputs[0]).all():
            return "in the views"
        parts = dict(self._parts().named_children())
        if self.teacher is not None:
            parts["teacher"] = self.teacher.model
        with torch.no_grad(), self.fabric.autocast():
            found = first_not_finite(parts, lambda: self.objective(self.model(*inputs)[1], self._target(*inputs)))
        if found is not None:
            return f"in the output of {found}"
        gradient = last_gradient_not_finite(self._parts().named_parameters())
        if gradient is not None:
            return f"in the gradient of {gradient}, going back from the loss, though every output is finite"
        return "in the norm of the gradients, though each of them is finite"

    def last_layer_inputs(self, h: Float[Tensor, "K P d"]) -> Float[Tensor, "K P n"]:
        """What features give the last layer of the projector, which there is."""
        # A copy, whose batch norm takes this batch's statistics and whose running ones nobody misses.
        before = copy.deepcopy(self.model.projector[:-1]).train()
        with torch.no_grad():
            return before(h.flatten(0, 1)).unflatten(0, h.shape[:2])

    @property
    def decay(self) -> float:
        """γ of the term γ‖W‖² that weight decay adds to the loss: none where it acts apart from the gradient."""
        o = self.recipe.optimizer
        return 0.0 if o.name == "adamw" else o.weight_decay / 2

    def _parts(self) -> nn.ModuleDict:
        """All that is trained, under the names that people know, in the order of the forward pass."""
        return nn.ModuleDict({**dict(self.model.named_children()), "objective": self.objective})

    @property
    def reference(self) -> Reference:
        """The loss's scale, by the objective as it stands: what it learns, such as a temperature, moves it."""
        return self.objective.reference(self.K, self.recipe.training.P, self.D)

    @property
    def K(self) -> int:
        """What a sample has embeddings of: views, or an image and a text."""
        return 2 if self.recipe.of_pairs else self.recipe.views.K

    @property
    def towers(self) -> Towers:
        """Both towers as they stand, of which there are two where training is on image–text pairs."""
        assert isinstance(self.model, TwoTower)
        assert self.vocabulary is not None
        return Towers(self.model, self.vocabulary, self.size)

    @property
    def rooms(self) -> dict[str, int]:
        """How many dimensions a batch's features and embeddings could fill at most, if a sample's views agree."""
        P = self.recipe.training.P
        return {"features": min(P, self.model.encoder.features), "embeddings": min(P, self.D)}

    def inputs(self, batch: TrainingBatch) -> tuple[Tensor, ...]:
        """What the model takes of a batch: views, or images and the pieces of their captions."""
        return self._with_texts(self.views(batch), batch.captions)

    def _with_texts(self, views: Float[Tensor, "K P C S S"], texts: tuple[str, ...] | None) -> tuple[Tensor, ...]:
        if self.vocabulary is None:
            return (views,)
        assert texts is not None
        return views[0], self.vocabulary.encode(texts).to(self.fabric.device)

    def views(self, batch: TrainingBatch) -> Float[Tensor, "K P C S S"]:
        """The views of a batch, the same whenever they are asked for."""
        seed = np.random.SeedSequence([self.recipe.training.seed, batch.step]).generate_state(1, np.uint64)[0]
        generator = torch.Generator(self.fabric.device).manual_seed(int(seed >> np.uint64(1)))
        images, v = batch.images.to(self.fabric.device, non_blocking=True), self.recipe.views
        if batch.cropped:
            return augment_cropped(images, v.policy, generator)
        return augment(images, v.policy, v.K, generator, self.size)

    def state(self) -> dict[str, Any]:
        """What, besides the weights, the next step depends on."""
        generators = {"torch": torch.get_rng_state()}
        if self.fabric.device.type == "cuda":
            generators["cuda"] = torch.cuda.get_rng_state(self.fabric.device)
        state = {"optimizer": self.optimizer.state_dict(), "generators": generators}
        state["objective"] = self.objective.state_dict()
        if self.teacher is not None:
            state["teacher"] = self.teacher.state_dict()
        return state

    def restore(self, weights: dict[str, Tensor], state: dict[str, Any]) -> None:
        """Goes back to weights and `state()` of an earlier time."""
        self.model.load_state_dict(weights)
        try:
            self.objective.load_state_dict(state.get("objective", {}))
        except RuntimeError as error:
            raise UsageError(f"the checkpoint's state does not fit the objective: {error}") from error
        if self.teacher is not None:
            self.teacher.load_state_dict(state["teacher"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["generators"]["torch"])
        if "cuda" in state["generators"]:
            torch.cuda.set_rng_state(state["generators"]["cuda"], self.fabric.device)


def _silent_fabric(device: str, precision: Any) -> Fabric:
    """One that does not announce its precision, which the report says in its place."""
    announcements = logging.getLogger("lightning_fabric.utilities.rank_zero")
    level = announcements.level
    announcements.setLevel(logging.WARNING)
    try:
        return Fabric(accelerator=device, devices=1, precision=precision)
    finally:
        announcements.setLevel(level)


def _check_takes_towers(objective: Objective) -> None:
    """Makes sure that an objective asks no more than embeddings of two towers.

    Raises:
        UsageError: it compares with a teacher or a predictor, or constrains the one projector that it expects.
    """
    constrains = type(objective).constrain is not Objective.constrain
    if constrains or isinstance(objective, TeacherObjective):
        why = "constrains one projector" if constrains else "compares with a teacher of one net"
        raise UsageError(
            f"{type(objective).__name__} {why}, and image–text pairs have two towers: take CLIP, MMCR, InfoNCE or "
            "VICReg (--objective), or leave out data.captions to train on images alone"
        )
