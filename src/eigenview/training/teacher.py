"""A momentum teacher: a slow copy of the model, to compare its embeddings with."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from eigenview.training.schedule import teacher_momentum


class EMATeacher:
    """An exponential moving average of a model's weights, which starts from them.

    Its batch norm takes each batch's own statistics, as BYOL's does; running ones are the model's, and not used.

    Args:
        model: the one that is trained.
        momentum: the share of itself that an update keeps, at the first step; it rises towards 1.
        steps: updates in all.
    """

    def __init__(self, model: nn.Module, momentum: float, steps: int) -> None:
        self.momentum, self.steps = momentum, steps
        self._average = AveragedModel(model).requires_grad_(False)
        # It has seen the initial weights, so that the first update is an average, too, and no copy.
        self._average.n_averaged.fill_(1)

    @property
    def model(self) -> nn.Module:
        """The copy."""
        return self._average.module

    def embed(self, views: Float[Tensor, "K P C H W"]) -> Float[Tensor, "K P D"]:
        """Its embeddings of some views, without a gradient."""
        with torch.no_grad():
            _, z = self._average.train()(views)
        return z

    def update(self, model: nn.Module, step: int) -> None:
        """Moves it towards the model, after that was updated in `step`."""
        self._average.multi_avg_fn = get_ema_multi_avg_fn(teacher_momentum(step, self.steps, self.momentum))
        self._average.update_parameters(model)

    def state_dict(self) -> dict[str, Tensor]:
        """Its weights."""
        return self._average.state_dict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Goes back to weights of an earlier time."""
        self._average.load_state_dict(state)
