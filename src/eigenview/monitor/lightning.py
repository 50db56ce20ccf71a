"""The monitor as a callback of Lightning, which lightly, solo-learn and stable-pretraining train with."""

from typing import TYPE_CHECKING, Any

from eigenview.monitor.monitor import Monitor

if TYPE_CHECKING:
    from lightning.pytorch import Callback, LightningModule, Trainer
else:
    # Each of the two packages has a Callback class, and its trainer wants that one: this one inherits from both.
    bases = []
    try:
        from lightning.pytorch import Callback as OfLightning

        bases.append(OfLightning)
    except ModuleNotFoundError:
        pass
    try:
        from pytorch_lightning import Callback as OfPyTorchLightning

        bases.append(OfPyTorchLightning)
    except ModuleNotFoundError:
        pass
    if not bases:
        raise ModuleNotFoundError("MonitorCallback needs Lightning: pip install 'eigenview[lightning]'")
    Callback = type("Callback", tuple(bases), {})
    LightningModule = Trainer = Any


class MonitorCallback(Callback):
    """A `Monitor` of the LightningModule, active from the start of training to its end.

    Args:
        features: name of the layer within the LightningModule (such as `backbone`) whose output is the features.
        embeddings: name of the layer whose output is the embeddings.
        options: the other options of `Monitor` (`every`, `out`, `measures`, `alarms`, `views`, `sampling`); where
            training is resumed from a checkpoint, the monitor resumes at the checkpoint's step.
    """

    def __init__(self, features: str | None = None, embeddings: str | None = None, **options: Any) -> None:
        super().__init__()
        self._options = {"features": features, "embeddings": embeddings, **options}
        self._step = self._options.pop("step", 0)
        self.monitor: Monitor | None = None

    def on_train_start(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        """Start the monitor."""
        self.monitor = Monitor(pl_module, step=self._step, **self._options)
        self.monitor.start()

    def on_train_end(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        """Close the monitor."""
        self._close("interrupted" if trainer.interrupted else "finished")

    def on_exception(self, trainer: "Trainer", pl_module: "LightningModule", exception: BaseException) -> None:
        """Close the monitor."""
        interrupted = isinstance(exception, KeyboardInterrupt)
        self._close("interrupted" if interrupted else type(exception).__name__)

    def state_dict(self) -> dict[str, int]:
        """The steps counted so far."""
        return {"step": self._step if self.monitor is None else self.monitor.steps}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Resume at the step of a checkpoint."""
        self._step = state_dict["step"]

    def _close(self, outcome: str) -> None:
        if self.monitor is not None:
            self._step = self.monitor.steps
            self.monitor.close(outcome)
