"""The EMA teacher: a slow copy of the model whose embeddings an objective compares with."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from eigenview.training.schedule import teacher_momentum


class EMATeacher:
    """An exponential moving average of a model's weights, which starts at them.

    Its batch norm uses the statistics of each batch, as BYOL's does; it copies the model's running statistics, which
    are not used.

    Args:
        model: the model that is trained.
        momentum: share of its own weights that the teacher keeps at the first update; it rises to 1.
        steps: number of updates in the whole run.
    """

    def __init__(self, model: nn.Module, momentum: float, steps: int) -> None:
        self.momentum, self.steps = momentum, steps
        self._average = AveragedModel(model).requires_grad_(False)
        # It has averaged the initial weights, so that the first update is an average too, not a copy.
        self._average.n_averaged.fill_(1)

    @property
    def model(self) -> nn.Module:
        """The averaged model."""
        return self._average.module

    def embed(self, views: Float[Tensor, "K P C H W"]) -> Float[Tensor, "K P D"]:
        """Embeds views without a gradient."""
        with torch.no_grad():
            _, z = self._average.train()(views)
        return z

    def update(self, model: nn.Module, step: int) -> None:
        """Averages in the model's weights, after the update with index `step`."""
        self._average.multi_avg_fn = get_ema_multi_avg_fn(teacher_momentum(step, self.steps, self.momentum))
        self._average.update_parameters(model)

    def state_dict(self) -> dict[str, Tensor]:
        """The averaged weights."""
        return self._average.state_dict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Loads the averaged weights of a checkpoint."""
        self._average.load_state_dict(state)
