"""A monitor for a model that someone else wrote and trains."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch import distributed as dist
from torch.utils.hooks import RemovableHandle

from eigenview._errors import UsageError
from eigenview.alarms.alarm import AlarmRule
from eigenview.monitor.buffer import Sampling
from eigenview.monitor.capture import LayerCapture
from eigenview.monitor.evaluate import CHEAP, Asked, find_measures
from eigenview.monitor.hooks import OutputHook, find_layer, unwrapped
from eigenview.monitor.layout import ViewLayout, Views
from eigenview.monitor.optimizer_steps import OptimizerSteps
from eigenview.monitor.schedule import MeasurementSchedule
from eigenview.monitor.writer import MonitorWriter


class Monitor:
    """Measures a model while any loop trains it, and writes `metrics.jsonl` as a run of `eigenview train` does.

    As a context, it observes two layers. A forward pass counts if it is in training mode with gradients on and a
    gradient comes back to it before the step, so evaluation in between, forward passes for their own sake and
    recomputation by checkpoints do not disturb. A step ends with `optimizer.step()` of any optimizer that holds
    parameters of the model (several that follow each other without a forward pass in between are one step), or where
    `step()` says so. Only the few steps before a measurement are observed: elsewhere a hook returns at once. The
    monitor never ends training: what cannot be measured is named in the record and, once, in the log; values of a layer
    that are not finite are an alarm.

    Training with and without it ends in the same weights: it draws no random numbers and changes no gradient. Across
    ranks only rank 0 measures, its own rows, without any communication; the others do nothing.

    With torch.compile, enter it before the first call; at a hooked layer inside the compiled model the graph breaks
    (so not `fullgraph=True`; the output of the model itself, '', is observed outside).

    Args:
        model: the model, also within DDP or torch.compile; None where tensors are given to `observe`.
        features: name of the layer (in `model.named_modules()`) whose output is the features h; '' is the model
            itself. Of a tuple, list or mapping the first floating-point tensor is taken. [N, T, C] is averaged over its
            tokens T, and [N, C, H, W] over H and W (channels first); rows stay float32 or better, on the CPU.
        embeddings: name of the layer whose output is the embeddings z.
        every: steps between measurements. The first is made once there are enough rows.
        out: directory for `metrics.jsonl`; it must not hold another run.
        measures: names of `eigenview.measures.CATALOGUE`, its entries, or functions of [N, D] that return a number;
            by default the effective and the stable rank and the participation ratio. Alarms compare the effective rank
            and the agreement of views. The spectra are written with them, ever more rarely.
        alarms: rules besides the built-in ones: each an `AlarmRule`, or its import path `module:rule`.
        views: how the rows of a batch are arranged in views: a `ViewLayout`, or its `views` alone, for two views;
            None where unknown, and measures that need views are then said to be missing.
        sampling: how many rows are measured, and the memory for them.
        step: steps made before, where training is resumed: the file continues there, and forgets later records.

    Raises:
        UsageError: an option has no such value; a layer or a measure does not exist.
    """

    def __init__(
        self,
        model: nn.Module | None = None,
        features: str | None = None,
        embeddings: str | None = None,
        *,
        every: int = 100,
        out: str | Path = "monitor",
        measures: Sequence[Asked] = CHEAP,
        alarms: Sequence[str | AlarmRule] = (),
        views: Views | ViewLayout | None = None,
        sampling: Sampling = Sampling(),  # noqa: B008  # frozen
        step: int = 0,
    ) -> None:
        layout = views if isinstance(views, ViewLayout) else ViewLayout(views)
        if every < 1 or step < 0 or sampling.rows < layout.K:
            raise UsageError(
                f"every = {every} must be 1 or more, step = {step} must not be negative, and rows = {sampling.rows} "
                f"must be at least K = {layout.K}"
            )
        names = {"features": features, "embeddings": embeddings}
        self._names = {space: name for space, name in names.items() if name is not None}
        if model is None and self._names:
            raise UsageError("features and embeddings name layers: pass the model too, or pass tensors to observe()")
        self._layers = {
            space: find_layer(model, name, space) for space, name in self._names.items() if model is not None
        }
        self._model, self._sampling, self._layout, self._every = model, sampling, layout, every
        self._new_writer = partial(MonitorWriter, Path(out), find_measures(measures), alarms=alarms)
        self._writer: MonitorWriter | None = None
        self._captures: dict[str, LayerCapture] = {}
        self._schedule = MeasurementSchedule(every, sampling.rows, step)
        self._steps = OptimizerSteps(model, self._finish_step)
        self._handles: list[RemovableHandle] = []
        self._hooks: list[OutputHook] = []

    @property
    def steps(self) -> int:
        """Steps counted so far, those before included."""
        return self._schedule.done

    def __enter__(self) -> "Monitor":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
        self.close("finished" if kind is None else "interrupted" if interrupted else kind.__name__)

    def start(self) -> None:
        """Do what entering the context does: open the file and hook the layers.

        Raises:
            UsageError: the directory holds another run.
        """
        if _rank() != 0:
            return
        if self._writer is not None:
            raise UsageError("this monitor is already active")
        self._writer = self._new_writer(step=self.steps)
        self._writer.start(
            self._model,
            views=self._layout.views,
            K=self._layout.K,
            every=self._every,
            rows=self._sampling.rows,
            layers=self._names,
        )
        self._captures = {space: LayerCapture(self._layout, self._sampling) for space in self._layers}
        for space, layer in self._layers.items():
            self._hooks.append(OutputHook(partial(self._record, space)))
            self._handles.append(layer.register_forward_hook(self._hooks[-1]))
        self._handles += self._steps.hook()

    def close(self, outcome: str = "finished") -> None:
        """Do what leaving the context does: remove the hooks and end the file, whose last record says `outcome`."""
        for handle in self._handles:
            handle.remove()
        for hook in self._hooks:
            hook.disable()
        self._handles, self._hooks, self._captures = [], [], {}
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.end(self.steps, outcome)

    def observe(
        self,
        embeddings: Float[Tensor, "K P D"] | Float[Tensor, "N D"] | None = None,
        features: Float[Tensor, "K P d"] | Float[Tensor, "N d"] | None = None,
    ) -> None:
        """Take the tensors of a step, in place of layers; nothing of their graph is kept.

        Args:
            embeddings: [K, P, D], or [N, D] with rows arranged as `views` says.
            features: likewise.

        Raises:
            UsageError: the monitor is not active, hooks a layer for that already, or a tensor has no rows.
        """
        if self._writer is None:
            if _rank() != 0:
                return
            raise UsageError("observe() called on an inactive monitor: use it within `with Monitor(...) as monitor:`")
        self._steps.saw_forward = True
        for space, x in (("features", features), ("embeddings", embeddings)):
            if x is None:
                continue
            if space in self._names:
                raise UsageError(f"{space} are already observed at the layer '{self._names[space]}'")
            capture = self._captures.setdefault(space, LayerCapture(self._layout, self._sampling))
            if self._schedule.observed:
                try:
                    self._writer.check(self.steps + 1, space, capture.record_rows(x))
                except ValueError as error:
                    raise UsageError(f"observe() of {space}: {error}") from error

    def step(self) -> None:
        """End a step by hand; from the first time on, optimizers no longer do."""
        self._steps.step()

    def _record(self, space: str, output: Any) -> None:
        if self._model is None or self._writer is None or not torch.is_grad_enabled():
            return
        if not unwrapped(self._model).training:
            return
        self._steps.saw_forward = True
        if not self._schedule.observed:
            return
        capture = self._captures[space]
        try:
            self._writer.check(self.steps + 1, f"{space}, layer '{self._names[space]}'", capture.record(output))
        except Exception as error:  # whatever the layer gives, training goes on
            capture.problem = str(error)

    def _finish_step(self) -> None:
        if self._writer is None:
            return
        rows = max((capture.finish(self.steps + 1) for capture in self._captures.values()), default=0)
        if self._schedule.step(rows):
            try:
                oldest = self._schedule.oldest
                samples = {space: capture.buffer.since(oldest) for space, capture in self._captures.items()}
                problems = {space: capture.problem for space, capture in self._captures.items()}
                self._writer.measure(self.steps, samples, problems)
            except Exception as error:  # within the user's optimizer.step(), which nothing here may end
                self._writer.fail(self.steps, error)


def _rank() -> int:
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank()
    return int(os.environ.get("RANK", "0"))
