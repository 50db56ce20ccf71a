"""Which rows are views of which sample, however the model is called."""

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from eigenview import Monitor
from eigenview.monitor.buffer import Batch, RowBuffer, Sampling
from eigenview.monitor.layout import ViewLayout, first_tensor
from tests.monitor.loops import Net, Spy, batch, lines, sgd

P, K, D = 4, 2, 3


class Linear(nn.Module):
    """Embeds without chance, so that views can be told."""

    def __init__(self) -> None:
        super().__init__()
        self.projector = nn.Linear(4, D)

    def forward(self, x: Tensor) -> Tensor:
        return self.projector(x)


def iterate_views(step: int) -> Tensor:
    return torch.stack([batch(100 * step + k, P) for k in range(K)])


def watched(tmp_path, spy: Spy, model: nn.Module, views, **options) -> Monitor:
    layout, sampling = ViewLayout(views, options.pop("K", K)), Sampling(options.pop("rows", K * P))
    options = {"every": 1, "sampling": sampling, "out": tmp_path, **options}
    return Monitor(model, embeddings="projector", views=layout, measures=[spy.listed()], **options)


def check(spy: Spy, expected: list[Tensor]) -> None:
    assert len(spy.seen) == len(expected)
    for seen, one in zip(spy.seen, expected, strict=True):
        torch.testing.assert_close(seen, one)


@pytest.mark.parametrize("views", ["calls", "stacked", "interleaved"])
def test_views_are_known_from_how_the_model_is_called(tmp_path, views):
    model, spy, expected = Linear(), Spy(), []
    optimizer = sgd(model)
    with watched(tmp_path, spy, model, views):
        for step in range(3):
            x = iterate_views(step)
            expected.append(model.projector(x).detach())
            # What was called just now, without a backward, must not count.
            if views == "calls":
                z = torch.stack([model(view) for view in x])
            elif views == "stacked":
                z = model(x.flatten(0, 1)).unflatten(0, (K, P))
            else:
                z = model(x.transpose(0, 1).flatten(0, 1)).unflatten(0, (P, K)).transpose(0, 1)
            z.square().mean().backward()
            optimizer.step()
    check(spy, expected)


@pytest.mark.parametrize("accumulated", [1, 3])
@pytest.mark.parametrize("how", [None, "reentrant", "not reentrant"])
def test_evaluation_lone_forwards_accumulation_and_checkpoints_do_not_disturb(tmp_path, accumulated, how):
    model, spy, expected = Linear(), Spy(), []
    optimizer = sgd(model)

    def embed(x: Tensor) -> Tensor:
        return model(x) if how is None else checkpoint(model, x, use_reentrant=how == "reentrant")

    with watched(tmp_path, spy, model, "calls", rows=K * P * accumulated):
        for step in range(3):
            parts = []
            for part in range(accumulated):
                x = iterate_views(10 * step + part)
                parts.append(x)
                first = embed(x[0].requires_grad_())
                with torch.no_grad():
                    model(x[0])
                model.eval()
                model(x[1])
                model.train()
                model(x[1] + 1)  # somebody looks, and does not train
                second = embed(x[1].clone().requires_grad_())
                (first - second).square().mean().backward()
            with torch.no_grad():
                expected.append(torch.cat([torch.stack([model.projector(v) for v in x]) for x in parts], dim=1))
            optimizer.step()
            optimizer.zero_grad()
    if how == "reentrant":  # nothing is heard but the recomputation, which goes backwards through the views
        expected = [one.flip(0) for one in expected]
    check(spy, expected)


def test_steps_that_a_scaler_skips_join_the_next(tmp_path):
    model, spy = Linear(), Spy()
    optimizer = sgd(model)
    with watched(tmp_path, spy, model, "calls", rows=K * P * 2) as monitor:
        for step in range(4):
            torch.stack([model(view) for view in iterate_views(step)]).square().mean().backward()
            if step % 2:
                optimizer.step()
    assert monitor.steps == 2
    assert [tuple(seen.shape) for seen in spy.seen] == [(K, 2 * P, D)] * 2


@pytest.mark.parametrize(
    ("views", "wanted"),
    [("calls", "3 forward passes that a gradient reached"), ("stacked", "3 rows are not a multiple")],
)
def test_a_wrong_number_of_views_is_said_and_the_rows_are_still_measured(tmp_path, caplog, views, wanted):
    model, spy = Linear(), Spy()
    measures = ["effective_rank", spy.listed()]
    with Monitor(
        model, embeddings="projector", views=views, every=1, sampling=Sampling(12), measures=measures, out=tmp_path
    ):
        torch.stack([model(batch(k, 3)) for k in range(3)]).square().mean().backward()
        sgd(model).step()
    (line,) = lines(tmp_path)
    assert wanted in line["missing"]["spied"]["embeddings"]
    assert wanted in caplog.text
    assert line["effective_rank"]["embeddings"] > 1
    assert not spy.seen


def test_a_layer_that_is_never_called_or_never_trained_is_said(tmp_path):
    model = Net()
    with Monitor(model, "backbone", "projector", every=1, out=tmp_path):
        optimizer = sgd(model)
        with torch.no_grad():
            h = model.backbone(batch(0))
        model.projector(h)
        optimizer.step()
    missing = lines(tmp_path)[0]["missing"]["effective_rank"]
    assert "not called in training mode" in missing["features"]
    assert missing["embeddings"] == "no gradient came back to it"


def test_a_frozen_backbone_is_heard(tmp_path):
    model = Net()
    model.backbone.requires_grad_(False)
    with Monitor(model, "backbone", "projector", every=1, out=tmp_path):
        model(batch(0)).square().mean().backward()
        sgd(model.projector).step()
    assert lines(tmp_path)[0]["rows"] == {"features": 6, "embeddings": 6}


def test_many_forwards_without_a_step_take_bounded_memory_and_mix_nothing(tmp_path):
    model, spy = Linear(), Spy()
    optimizer = sgd(model)
    with watched(tmp_path, spy, model, "calls") as monitor:
        for step in range(50):
            model(batch(step, P))
        kept = [call for call in monitor._captures["embeddings"]._calls if call.rows is not None]
        assert sum(call.size for call in kept) <= 2 * K * P
        x = iterate_views(0)
        expected = model.projector(x).detach()
        (model(x[0]) - model(x[1])).square().mean().backward()
        optimizer.step()
    check(spy, [expected])


def test_first_samples_of_a_large_batch(tmp_path):
    x = torch.arange(24.0).reshape(12, 2)
    stacked, _ = ViewLayout("stacked", 3).rows(x, 6)
    interleaved, _ = ViewLayout("interleaved", 3).rows(x, 6)
    assert torch.equal(stacked, torch.stack([x[0:2], x[4:6], x[8:10]]))
    assert torch.equal(interleaved, torch.stack([x[0:6:3], x[1:6:3], x[2:6:3]]))
    assert torch.equal(ViewLayout("calls", 3).rows(x, 6)[0], x[:2])
    assert torch.equal(ViewLayout(None, 3).rows(x, 6)[0], x[:6])


@pytest.mark.parametrize("shape", [(5, 2), (5, 7, 2), (5, 2, 3, 4), (5, 2, 3, 4, 6)])
def test_what_lies_in_space_is_averaged(shape):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.bfloat16)
    rows, _ = ViewLayout(None, 2).rows(x, 4)
    over = [i for i in range(1, len(shape)) if i != (2 if len(shape) == 3 else 1)]
    expected = x[:4].double().mean(over).float() if over else x[:4].float()
    assert rows.dtype == torch.float32
    torch.testing.assert_close(rows, expected)


def test_the_first_floating_tensor_of_an_output_is_taken():
    ids, h, z = torch.arange(3), torch.zeros(3, 2), torch.ones(3, 2)
    assert first_tensor((ids, {"a": None, "h": h}, z)) is h
    assert first_tensor([z]) is z
    assert first_tensor(ids) is None


def test_the_queue_is_bounded_by_rows_and_bytes():
    queue = RowBuffer(Sampling(10, 10 * 2 * 4))
    for step in range(6):
        queue.add(Batch(step, torch.full((4, 2), float(step))))
    cloud = queue.since(0)
    assert cloud is not None
    assert cloud.rows[:, 0].tolist() == [4.0] * 4 + [5.0] * 4
    queue.add(Batch(6, torch.zeros(1, 100)))
    assert queue.since(0) is None
