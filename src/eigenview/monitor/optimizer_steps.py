"""When a step of somebody's training loop ends: with `optimizer.step()` of an optimizer of the model, or by hand."""

from collections.abc import Callable
from typing import Any

from torch import nn
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook
from torch.utils.hooks import RemovableHandle


class OptimizerSteps:
    """Calls back at the end of each step.

    Several optimizers that follow each other without a forward in between are one step; optimizers of other models are
    ignored. From the first step that is ended by hand on, optimizers no longer end steps.

    Args:
        model: the model; None where steps end only by hand.
        finish: called at the end of a step.

    Attributes:
        saw_forward: whether the model was called since the last step; set by who observes it.
    """

    def __init__(self, model: nn.Module | None, finish: Callable[[], None]) -> None:
        self._model, self._finish = model, finish
        self.saw_forward = False
        self._by_hand = False
        self._parameters: set[int] = set()
        self._stepped: set[int] = set()  # optimizers, since the last forward

    def hook(self) -> list[RemovableHandle]:
        """Start to observe optimizers; returns what to remove in the end."""
        return [] if self._model is None else [register_optimizer_step_post_hook(self._after_step)]

    def step(self) -> None:
        """End a step by hand."""
        first, self._by_hand = not self._by_hand, True
        if not (first and self._stepped and not self.saw_forward):  # else an optimizer has just ended this one
            self._end()

    def _after_step(self, optimizer: Optimizer, *_: Any) -> None:
        if self._by_hand or not self._belongs(optimizer):
            return
        again = self._stepped and not self.saw_forward and id(optimizer) not in self._stepped
        self._stepped = {*(self._stepped if again else ()), id(optimizer)}
        if not again:
            self._end()

    def _end(self) -> None:
        self.saw_forward = False
        self._finish()

    def _belongs(self, optimizer: Optimizer) -> bool:
        """Whether it holds parameters of the model."""
        if self._model is None:
            return False
        held = [id(p) for group in optimizer.param_groups for p in group["params"]]
        if not any(p in self._parameters for p in held):
            self._parameters = {id(parameter) for parameter in self._model.parameters()}  # they may have been replaced
        return any(p in self._parameters for p in held)
