"""One update: batch, nets, objective, gradient, optimizer."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from eigenview.config import Recipe
from eigenview.data import TrainingBatch
from eigenview.nets import TwoTower, Vocabulary, choose_device
from eigenview.objectives import Reference
from eigenview.runs import Statistics, Towers
from eigenview.training.build import build_nets, build_teacher, build_training_objective
from eigenview.training.fabric import build_fabric, choose_precision
from eigenview.training.inputs import ModelInputs
from eigenview.training.optimizers import build_optimizer
from eigenview.training.schedule import learning_rate


@dataclass(frozen=True)
class Update:
    """What one update saw; where its loss or gradient is not `finite`, the weights were left as they were.

    On image–text pairs, h holds the images' features (K = 1), and z the embeddings of images and texts (K = 2).
    """

    loss: float
    terms: dict[str, float]
    gradient_norm: float
    lr: float
    h: Float[Tensor, "Kh P d"]
    z: Float[Tensor, "K P D"]
    finite: bool


class Learner:
    """The nets, objective and optimizer of a recipe, and the step that updates them.

    An objective's own parameters, such as a predictor's, are trained with the nets.

    It seeds torch's global generator, which initial weights and dropout draw from; views have a generator of their own,
    seeded by the step, so that they do not depend on where a run was resumed.

    Args:
        recipe: what to build; its `data.size` must be set.
        statistics: mean and standard deviation of the images' channels.
        steps: number of updates in the whole run.
        vocabulary: the tokenizer of the captions; given exactly when the recipe trains on image–text pairs.

    Attributes:
        trained: everything the optimizer updates.
        inputs: turns a batch into the model's inputs.
        teacher: the EMA teacher, if the recipe has one.

    Raises:
        UsageError: a part that the recipe names cannot be built, or does not fit the others.
    """

    def __init__(
        self, recipe: Recipe, statistics: Statistics, steps: int, vocabulary: Vocabulary | None = None
    ) -> None:
        assert recipe.data.size is not None
        assert recipe.of_pairs == (vocabulary is not None)
        self.recipe, self.size, self.steps, self.vocabulary = recipe, recipe.data.size, steps, vocabulary
        device = choose_device(recipe.training.device)
        self.precision = choose_precision(recipe.training.precision, device)
        self.fabric = build_fabric(device, self.precision)
        torch.manual_seed(recipe.training.seed)
        model = build_nets(recipe, statistics)
        self.model = model.to(self.fabric.device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.D = recipe.projector.D or self.model.encoder.features
        self.objective = build_training_objective(recipe, self.D).to(self.fabric.device)
        self.objective.constrain(self.model.projector)
        self.teacher = build_teacher(recipe.teacher.momentum, self.model, self.objective, steps)
        self.inputs = ModelInputs(recipe, self.fabric.device, vocabulary)
        self.trained = nn.ModuleList([self.model, self.objective])
        o = recipe.optimizer
        self.optimizer = build_optimizer(self.trained, o.name, o.lr, o.momentum, o.weight_decay)
        running: nn.Module = torch.compile(self.model) if recipe.training.compile else self.model  # pyright: ignore[reportAssignmentType]
        self._model, self._optimizer = self.fabric.setup(running, self.optimizer)

    def step(self, batch: TrainingBatch) -> Update:
        """Makes one update on a batch of uint8 images, unless its loss or gradient is not finite."""
        o = self.recipe.optimizer
        lr = learning_rate(batch.step, self.steps, o.lr, o.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.trained.train()
        inputs = self.inputs(batch)
        h, z = self._model(*inputs)
        terms = self.objective.checked_terms(z, self.target(*inputs))
        loss = torch.stack(list(terms.values())).sum()
        self._optimizer.zero_grad()
        self.fabric.backward(loss)
        gradients = [p.grad for p in self.trained.parameters() if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        finite = bool(torch.isfinite(loss + norm))
        if finite:
            if o.clip is not None:
                torch.nn.utils.clip_grads_with_norm_(self.trained.parameters(), o.clip, norm)
            self._optimizer.step()
            if self.teacher is not None:
                self.teacher.update(self.model, batch.step)
        named = {name: term.item() for name, term in terms.items()}
        return Update(loss.item(), named, norm.item(), lr, h.detach().float(), z.detach().float(), finite)

    def target(self, views: Tensor, *_: Tensor) -> Float[Tensor, "K P D"] | None:
        """The EMA teacher's embeddings of the model's inputs; None without a teacher."""
        if self.teacher is None:
            return None
        with self.fabric.autocast():
            return self.teacher.embed(views)

    @property
    def named_parts(self) -> nn.ModuleDict:
        """The trained modules by the names that people know them by, in the order of the forward pass."""
        return nn.ModuleDict({**dict(self.model.named_children()), "objective": self.objective})

    @property
    def K(self) -> int:
        """Number of embeddings of one sample: of its views, or of an image and a text."""
        return 2 if self.recipe.of_pairs else self.recipe.views.K

    @property
    def max_rank(self) -> dict[str, int]:
        """The largest rank that a batch's features and embeddings can have where the views of a sample agree."""
        P = self.recipe.training.P
        return {"features": min(P, self.model.encoder.features), "embeddings": min(P, self.D)}

    @property
    def reference(self) -> Reference:
        """The scale of the loss, for the objective as it is now: a temperature that it learns changes the scale."""
        return self.objective.reference(self.K, self.recipe.training.P, self.D)

    @property
    def towers(self) -> Towers:
        """Both towers as they are now, where training is on image–text pairs."""
        assert isinstance(self.model, TwoTower)
        assert self.vocabulary is not None
        return Towers(self.model, self.vocabulary, self.size)
