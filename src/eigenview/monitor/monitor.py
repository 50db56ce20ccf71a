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
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook
from torch.utils.hooks import RemovableHandle

from eigenview._errors import UsageError
from eigenview.monitor.capture import Calls
from eigenview.monitor.evaluate import CHEAP, Asked, find_measures
from eigenview.monitor.hooks import OutputHook, find_layer, unwrapped
from eigenview.monitor.layout import Layout, Views
from eigenview.monitor.schedule import MeasurementSchedule
from eigenview.monitor.writer import MonitorWriter


class Monitor:
    """Looks at a model while any loop trains it, and writes `metrics.jsonl` as a run of `eigenview train` does.

    As a context, it listens at two layers. A forward counts if it is in training mode with gradients on and a gradient
    comes back to it before the step, so evaluation in between, forwards for their own sake and recomputation by
    checkpoints do not disturb. A step ends with `optimizer.step()` of any optimizer that holds parameters of the
    model (several that follow each other without a forward in between are one step), or where `step()` says so. Only
    the few steps before a measurement are looked at: elsewhere a hook returns at once. It never ends training: what
    cannot be measured is said in the line and, once, in the log; a layer's values that are not finite are an alarm.

    Training with and without it ends in the same weights: it draws no random numbers and changes no gradient. Across
    ranks only rank 0 looks, at its own rows, without any communication; the others do nothing.

    With torch.compile, enter it before the first call; at a hooked layer inside the compiled model the graph breaks
    (so not `fullgraph=True`; the model's own output, '', is heard outside).

    Args:
        model: the model, also within DDP or torch.compile; None where tensors are given to `observe`.
        features: name of the layer (of `model.named_modules()`) whose output is the features h; '' is the model
            itself. Of a tuple, list or mapping the first floating tensor is taken. [N, T, C] is averaged over its
            tokens T, and [N, C, H, W] over H and W (channels first); rows stay float32 or better, on the CPU.
        embeddings: name of the layer whose output is the embeddings z.
        every: steps between measurements. The first is made once there are rows enough.
        out: directory for `metrics.jsonl`; it must not hold another's.
        measures: names of `eigenview.measures.CATALOGUE`, its entries, or functions of [N, D] that return a number;
            by default the effective and the stable rank and the participation ratio. Alarms hold against the effective
            rank and how views agree. The spectra are written with them, ever more rarely.
        views: how rows tell which are views of one sample: `calls` (K forwards in a row are views 1 to K of the same
            samples), `stacked` (K·P rows, all first views first), `interleaved` (P·K rows, a sample's views beside
            each other), or None: unknown, and measures that need views are said to be missing.
        K: views of a sample.
        rows: most rows to measure at a time; they come from as many steps as it takes.
        most_bytes: most memory for the rows of one layer; copies of a step under way may take twice as much again.
        step: steps made before, where training is resumed: the file goes on there, and forgets later ones.

    Raises:
        UsageError: something of this cannot be; a layer of that name is not there.
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
        views: Views | None = None,
        K: int = 2,
        rows: int = 1024,
        most_bytes: int = 64 * 2**20,
        step: int = 0,
    ) -> None:
        if every < 1 or step < 0 or rows < max(2, K):
            raise UsageError(f"every = {every} must be 1 or more, step = {step} not negative, rows = {rows} at least K")
        names = {"features": features, "embeddings": embeddings}
        self._names = {what: name for what, name in names.items() if name is not None}
        if model is None and self._names:
            raise UsageError("features and embeddings name layers of a model: give the model, or tensors to observe()")
        self._layers = {what: find_layer(model, name, what) for what, name in self._names.items() if model is not None}
        self._model, self._measures, self._out = model, find_measures(measures), Path(out)
        self._calls_of = partial(Calls, Layout(views, K), rows, most_bytes)
        self._calls: dict[str, Calls] = {}
        self._pace = MeasurementSchedule(every, rows, step)
        self._about = {"views": views, "K": K, "every": every, "rows": rows, "layers": self._names}
        self._handles: list[RemovableHandle] = []
        self._ears: list[OutputHook] = []
        self._journal: MonitorWriter | None = None
        self._by_hand, self._heard = False, False
        self._parameters: set[int] = set()
        self._stepped: set[int] = set()

    @property
    def steps(self) -> int:
        """Steps counted so far, those before included."""
        return self._pace.done

    def __enter__(self) -> "Monitor":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
        self.close("finished" if kind is None else "interrupted" if interrupted else kind.__name__)

    def start(self) -> None:
        """What entering the context does: opens the file and listens.

        Raises:
            UsageError: the directory holds something else.
        """
        if _rank() != 0:
            return
        if self._journal is not None:
            raise UsageError("this monitor is on already")
        self._journal = MonitorWriter(self._out, self._measures, self.steps)
        self._journal.start(self._model, **self._about)
        self._calls = {what: self._calls_of() for what in self._layers}
        for what, layer in self._layers.items():
            self._ears.append(OutputHook(partial(self._hear, what)))
            self._handles.append(layer.register_forward_hook(self._ears[-1]))
        if self._model is not None:
            self._handles.append(register_optimizer_step_post_hook(self._optimised))

    def close(self, outcome: str = "finished") -> None:
        """What leaving the context does: listens no more and ends the file; `outcome` is what its last line says."""
        for handle in self._handles:
            handle.remove()
        for ear in self._ears:
            ear.disable()
        self._handles, self._ears, self._calls = [], [], {}
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.end(self.steps, outcome)

    def observe(
        self,
        embeddings: Float[Tensor, "K P D"] | Float[Tensor, "N D"] | None = None,
        features: Float[Tensor, "K P d"] | Float[Tensor, "N d"] | None = None,
    ) -> None:
        """Takes a step's tensors by hand, in place of layers; nothing of their graph is kept.

        Args:
            embeddings: [K, P, D], or [N, D] of which `views` says which rows are views of which sample.
            features: likewise.

        Raises:
            UsageError: the monitor is not on, listens for that itself, or there are no rows in a tensor.
        """
        if self._journal is None:
            if _rank() != 0:
                return
            raise UsageError("observe() is for a monitor that is on: use it within `with Monitor(...) as monitor:`")
        self._heard = True
        for what, x in (("features", features), ("embeddings", embeddings)):
            if x is None:
                continue
            if what in self._names:
                raise UsageError(f"{what} are heard at the layer '{self._names[what]}' already")
            calls = self._calls.setdefault(what, self._calls_of())
            if self._pace.watched:
                try:
                    self._journal.check(self.steps + 1, what, calls.take(x))
                except ValueError as error:
                    raise UsageError(f"observe() of {what}: {error}") from error

    def step(self) -> None:
        """Ends a step by hand; from the first time on, optimizers no longer do."""
        first, self._by_hand = not self._by_hand, True
        if not (first and self._stepped and not self._heard):
            self._finish_step()

    def _hear(self, what: str, output: Any) -> None:
        if self._model is None or self._journal is None or not torch.is_grad_enabled():
            return
        if not unwrapped(self._model).training:
            return
        self._heard = True
        if not self._pace.watched:
            return
        try:
            self._journal.check(self.steps + 1, f"{what}, layer '{self._names[what]}'", self._calls[what].hear(output))
        except Exception as error:  # whatever the layer gives, training goes on
            self._calls[what].problem = str(error)

    def _optimised(self, optimizer: Optimizer, *_: Any) -> None:
        """After any optimizer's step: one of another model, or a second one for the same forwards, is none of ours."""
        if self._by_hand or self._model is None:
            return
        if not self._holds_ours(optimizer):
            return
        again = self._stepped and not self._heard and id(optimizer) not in self._stepped
        self._stepped = {*(self._stepped if again else ()), id(optimizer)}
        if not again:
            self._finish_step()

    def _holds_ours(self, optimizer: Optimizer) -> bool:
        held = [id(p) for group in optimizer.param_groups for p in group["params"]]
        if self._model is not None and not any(p in self._parameters for p in held):
            self._parameters = {id(parameter) for parameter in self._model.parameters()}  # they may have been replaced
        return any(p in self._parameters for p in held)

    def _finish_step(self) -> None:
        if self._journal is None:
            return
        self._heard = False
        rows = max((calls.finish(self.steps + 1) for calls in self._calls.values()), default=0)
        if self._pace.step(rows):
            try:
                clouds = {what: calls.queue.since(self._pace.oldest) for what, calls in self._calls.items()}
                problems = {what: calls.problem for what, calls in self._calls.items()}
                self._journal.measure(self.steps, clouds, problems)
            except Exception as error:  # within the user's optimizer.step(), which nothing here may end
                self._journal.fail(self.steps, error)


def _rank() -> int:
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank()
    return int(os.environ.get("RANK", "0"))
