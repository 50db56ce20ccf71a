"""Within Lightning itself."""

import warnings

import pytest
import torch
from torch import Tensor

from tests.monitor.loops import Net, batch, lines, sgd

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    lightning = pytest.importorskip("lightning.pytorch", reason="Lightning is not installed: eigenview[lightning]")
    pytorch_lightning = pytest.importorskip("pytorch_lightning", reason="Lightning's other package is not installed")
    from eigenview.monitor import MonitorCallback, Sampling

STEPS = 8


def module(package):
    class SelfSupervised(package.LightningModule):
        """Two views by two calls, as lightly's examples have it."""

        def __init__(self) -> None:
            super().__init__()
            self.model = Net()

        def training_step(self, views: Tensor, index: int) -> Tensor:
            first, second = (self.model(view) for view in views)
            return (first - second).square().mean() - first.std(0).mean()

        def validation_step(self, views: Tensor, index: int) -> None:
            self.model(views[0])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return sgd(self)

    torch.manual_seed(0)
    return SelfSupervised()


def loader():
    views = [torch.stack([batch(s), batch(50 + s)]) for s in range(STEPS)]
    return torch.utils.data.DataLoader(views, batch_size=None)  # pyright: ignore[reportArgumentType]


def fit(package, tmp_path, callbacks, **options):
    options = {"max_epochs": 1, "enable_checkpointing": False, **options}
    trainer = package.Trainer(
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
        callbacks=callbacks,
        **options,
    )
    model = module(package)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's own advice on workers and logging
        trainer.fit(model, loader(), loader())
    return trainer, model


def callback(tmp_path, **options) -> MonitorCallback:
    layers = {"features": "model.backbone", "embeddings": "model.projector"}
    return MonitorCallback(**layers, every=3, sampling=Sampling(12), views="calls", out=tmp_path / "monitor", **options)


@pytest.mark.parametrize("package", [lightning, pytorch_lightning], ids=["lightning", "pytorch_lightning"])
def test_it_measures_and_changes_nothing(tmp_path, package):
    _, plain = fit(package, tmp_path, [])
    _, watched = fit(package, tmp_path, [callback(tmp_path)])
    for one, other in zip(plain.parameters(), watched.parameters(), strict=True):
        assert torch.equal(one, other)
    assert [line["step"] for line in lines(tmp_path / "monitor")] == [1, 3, 6]
    for line in lines(tmp_path / "monitor"):
        assert line["rows"] == {"features": 12, "embeddings": 12}
        assert min(line["effective_rank"].values()) > 1
        assert "missing" not in line
    assert lines(tmp_path / "monitor", "end")[0]["outcome"] == "finished"


def test_accumulation_counts_its_steps(tmp_path):
    monitored = callback(tmp_path)
    fit(lightning, tmp_path, [monitored], accumulate_grad_batches=2)
    assert monitored.monitor is not None
    assert monitored.monitor.steps == STEPS // 2


def test_hooks_go_when_training_fails(tmp_path):
    class Fails(lightning.Callback):
        def on_train_batch_end(self, trainer, *_) -> None:
            if trainer.global_step == 4:
                raise ValueError("broken")

    monitored = callback(tmp_path)
    with pytest.raises(ValueError, match="broken"):
        fit(lightning, tmp_path, [monitored, Fails()])
    assert monitored.monitor is not None
    model = monitored.monitor._model
    assert model is not None
    assert not any(part._forward_hooks for part in model.modules())
    assert lines(tmp_path / "monitor", "end")[0]["outcome"] == "ValueError"


def test_it_goes_on_where_a_checkpoint_was(tmp_path):
    trainer, _ = fit(lightning, tmp_path, [callback(tmp_path)])
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    resumed = callback(tmp_path)
    again = lightning.Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False, max_epochs=2,
        enable_checkpointing=False, callbacks=[resumed],
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        again.fit(module(lightning), loader(), loader(), ckpt_path=tmp_path / "last.ckpt", weights_only=True)
    assert [line["step"] for line in lines(tmp_path / "monitor")] == [1, 3, 6, 9, 12, 15]
    assert resumed.monitor is not None
    assert resumed.monitor.steps == 2 * STEPS
