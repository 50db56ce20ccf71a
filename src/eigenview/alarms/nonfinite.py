"""Numbers that are not finite, and where they first appear."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from eigenview.alarms.alarm import Alarm, AlarmRule

NOT_FINITE = AlarmRule(
    "not finite",
    "non-finite values",
    "views, an activation, the loss, a gradient or a weight is NaN or infinite; the evidence names the first "
    "affected layer. `eigenview train` skips that update, keeps the last good checkpoint and stops with exit code 1",
    "a smaller learning rate, gradient clipping (in a recipe: optimizer.clip), or float32 precision "
    "(training.precision 32-true)",
)


def not_finite(step: int, loss: float, gradient_norm: float, weights: bool, kept: str, where: str = "") -> Alarm:
    """The alarm that ends a run.

    Args:
        step: the update that was not made.
        loss: its loss.
        gradient_norm: the norm of its gradient.
        weights: whether weights are not finite.
        kept: which checkpoint is still good, in words.
        where: the first place that is not finite, in words.
    """
    return NOT_FINITE.alarm(
        f"at step {step} {'weights are not finite, ' if weights else ''}the loss is {loss:.4g} and the gradient norm "
        f"is {gradient_norm:.4g}; {f'first {where}; ' if where else ''}{kept}"
    )


def first_not_finite(modules: Mapping[str, nn.Module], forward: Callable[[], object]) -> str | None:
    """The first module, in the order in which outputs come, whose output is not finite; None if all are.

    A module comes after those inside it, so what is named is the innermost.

    Args:
        modules: where to look, by the names that they shall have.
        forward: sends the batch through them; its result is not used.
    """
    found: list[str] = []

    def look(name: str, module: nn.Module, _: Any, output: object) -> None:
        if not found and not _all_finite(output):
            broken = not all(_all_finite(tensor) for tensor in (*module.parameters(False), *module.buffers(False)))
            found.append(f"{name} ({type(module).__name__}{', whose weights are not finite' if broken else ''})")

    hooks = [
        inner.register_forward_hook(partial(look, f"{name}.{path}" if path else name))
        for name, module in modules.items()
        for path, inner in module.named_modules()
    ]
    try:
        forward()
    finally:
        for hook in hooks:
            hook.remove()
    return found[0] if found else None


def last_gradient_not_finite(parameters: Iterable[tuple[str, nn.Parameter]]) -> str | None:
    """The last parameter whose gradient is not finite: where it first appears, since gradients come from the end.

    Args:
        parameters: with their names, in the order of the forward pass.
    """
    names = [name for name, p in parameters if p.grad is not None and not _all_finite(p.grad)]
    return names[-1] if names else None


def _all_finite(output: object) -> bool:
    if isinstance(output, Tensor):
        return not output.is_floating_point() or bool(torch.isfinite(output).all())
    if isinstance(output, Mapping):
        return all(map(_all_finite, output.values()))
    return all(map(_all_finite, output)) if isinstance(output, list | tuple) else True
