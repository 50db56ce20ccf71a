"""Tensors that are given in place of a model, and what a line of them raises."""

import pytest
import torch
from torch import Tensor

from eigenview import Monitor, UsageError
from eigenview.measures import effective_rank
from eigenview.monitor import Sampling
from eigenview.monitor.capture import LayerCapture
from eigenview.monitor.layout import ViewLayout
from tests.monitor.loops import Net, lines, train


def monitor(model: Net | None, out, **options) -> Monitor:
    layers = {} if model is None else {"features": "backbone", "embeddings": "projector"}
    sampling = Sampling(options.pop("rows", 6))
    return Monitor(model, out=out, **{**layers, "every": 5, "sampling": sampling, **options})


def test_tensors_can_be_given(tmp_path):
    h, z = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0)), torch.eye(6)
    with monitor(None, tmp_path, every=2) as looking:
        for _ in range(4):
            looking.observe(z, features=h)
            looking.step()
    assert [line["step"] for line in lines(tmp_path)] == [1, 2, 4]
    for line in lines(tmp_path):
        assert line["effective_rank"]["embeddings"] == pytest.approx(6)
        assert line["effective_rank"]["features"] == pytest.approx(effective_rank(h.flatten(0, 1)), rel=1e-6)
    with pytest.raises(UsageError, match="within `with"):
        looking.observe(z)
    with monitor(None, tmp_path / "empty") as looking, pytest.raises(UsageError, match="must be rows of features"):
        looking.observe(torch.zeros(0, 3))
    with monitor(Net(), tmp_path / "hooked") as looking, pytest.raises(UsageError, match="the layer 'projector'"):
        looking.observe(z)


@pytest.mark.parametrize("wrong", [torch.zeros(3), torch.zeros(2, 3, 4, 5), [[1.0]], "z"])
def test_what_is_given_must_be_rows(wrong):
    with pytest.raises(ValueError, match=r"\[N, D\] or \[K, P, D\]"):
        LayerCapture(ViewLayout(None), Sampling(6, 1000)).record_rows(wrong)


def test_going_on_knows_what_was_measured_and_raised_before(tmp_path):
    wide, flat = torch.eye(16).repeat(2, 1), torch.ones(32, 16)
    numb = flat.clone()
    numb[0] = torch.nan

    def give(looking: Monitor, tensors: list[Tensor]) -> None:
        for z in tensors:
            looking.observe(z)
            looking.step()

    with monitor(None, tmp_path, every=100, rows=32) as looking:
        give(looking, [wide] * 99 + [numb] + [wide] * 100)
    with monitor(None, tmp_path, every=100, rows=32, step=200) as looking:
        give(looking, [flat] * 100)
    with monitor(None, tmp_path, every=100, rows=32, step=300) as looking:
        give(looking, [flat] * 99 + [numb])
    assert [(alarm["step"], alarm["name"]) for alarm in lines(tmp_path, "alarm")] == [
        (100, "not finite"),
        (201, "complete collapse"),
    ]
    assert "after" in lines(tmp_path, "alarm")[1]["evidence"]  # the spread of the sitting before


def test_a_layer_that_has_no_rows_at_first_hides_no_alarm_of_another(tmp_path):
    with monitor(None, tmp_path, every=100, rows=32) as looking:
        for step in range(400):
            looking.observe(torch.ones(32, 16), features=torch.eye(32) if step else torch.full((32, 32), torch.nan))
            looking.step()
    assert "complete collapse" in [alarm["name"] for alarm in lines(tmp_path, "alarm")]


def test_how_views_agree_is_watched_whatever_is_measured(tmp_path):
    views = torch.eye(16).repeat(2, 2, 1)[:, :30].roll(1, 1) + torch.eye(16).repeat(2, 2, 1)[:, :30]
    views[1] = views[1].roll(5, 0)
    with monitor(None, tmp_path, every=100, rows=60, measures=["alignment"]) as looking:
        for _ in range(400):
            looking.observe(views)
            looking.step()
    assert [alarm["name"] for alarm in lines(tmp_path, "alarm")] == ["no invariance"]


def test_one_view_has_no_pairs_and_a_failure_of_ours_does_not_end_training(tmp_path, monkeypatch, caplog):
    with monitor(model := Net(), tmp_path, every=1) as looking:
        train(model, 2)
        monkeypatch.setattr("eigenview.monitor.writer.spectrum_shares", lambda cloud: 1 / 0)
        train(model, 2)
    assert looking.steps == 4
    assert caplog.text.count("Traceback") == 1
    assert "step 4: nothing was measured: ZeroDivisionError" in caplog.text
    monkeypatch.undo()
    with monitor(None, tmp_path / "one view", every=1) as looking:
        looking.observe(torch.eye(6)[None])
        looking.step()
    assert "cosine" not in lines(tmp_path / "one view")[0]
