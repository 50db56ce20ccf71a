import copy
import gc
import json
import logging
import pickle
import weakref
from collections import OrderedDict

import pytest
import torch
from torch import Tensor, nn
from torch.optim.optimizer import _global_optimizer_post_hooks

from eigenview import Monitor, UsageError
from eigenview.measures import effective_rank
from eigenview.monitor import Sampling
from eigenview.monitor.capture import LayerCapture
from eigenview.report import write_page
from eigenview.runs import MetricsWriter
from tests.monitor.loops import Net, Spy, batch, lines, sgd, train


def monitor(model: nn.Module | None, out, **options) -> Monitor:
    layers = {} if model is None else {"features": "backbone", "embeddings": "projector"}
    sampling = Sampling(options.pop("rows", 6))
    return Monitor(model, out=out, **{**layers, "every": 5, "sampling": sampling, **options})


def test_what_is_measured_is_the_step_just_made(tmp_path):
    ranks = {}
    with monitor(model := Net(), tmp_path) as looking:
        train(model, 12, lambda step, z: ranks.update({step: effective_rank(z)}))
    assert looking.steps == 12
    measured = {line["step"]: line["effective_rank"]["embeddings"] for line in lines(tmp_path)}
    assert measured == {step: ranks[step] for step in (1, 5, 10)}
    assert all(line["rows"] == {"features": 6, "embeddings": 6} for line in lines(tmp_path))
    assert "missing" not in lines(tmp_path)[0]
    start, end = lines(tmp_path, None)[0], lines(tmp_path, None)[-1]
    assert start["layers"] == {"features": "backbone", "embeddings": "projector"}
    assert (end["kind"], end["step"], end["outcome"]) == ("end", 12, "finished")


def test_training_ends_in_the_same_weights(tmp_path):
    def random(rows: Tensor) -> float:
        return float(torch.rand(()))

    weights = []
    for options in (None, {}, {"views": "calls"}, {"views": "stacked", "every": 1}):
        model = Net()
        torch.manual_seed(1)
        if options is None:
            train(model, 12)
        else:
            with monitor(model, tmp_path / str(len(weights)), measures=["effective_rank", random], **options):
                train(model, 12)
        weights.append(torch.cat([p.detach().flatten() for p in model.parameters()] + [torch.rand(3)]))
    assert all(torch.equal(weights[0], others) for others in weights[1:])


def test_rows_come_from_as_many_steps_as_it_takes_and_no_others_are_looked_at(tmp_path, monkeypatch):
    steps, record = [], LayerCapture.record
    model = Net()
    looking = monitor(model, tmp_path, every=10, rows=20)
    monkeypatch.setattr(
        LayerCapture, "record", lambda self, output: (steps.append(looking.steps + 1), record(self, output))[1]
    )
    zs = {}
    with looking:
        train(model, 22, lambda step, z: zs.update({step: z}))
    assert sorted(set(steps)) == [1, 2, 3, 8, 9, 10, 18, 19, 20]
    expected = effective_rank(torch.cat([zs[8], zs[9], zs[10]]))
    assert [line["step"] for line in lines(tmp_path)] == [3, 10, 20]
    assert lines(tmp_path)[1]["effective_rank"]["embeddings"] == expected


@pytest.mark.parametrize("ended_by", [ValueError, KeyboardInterrupt])
def test_hooks_go_whatever_happens_and_the_file_stays_whole(tmp_path, ended_by):
    model = Net()

    def fail(step: int, z: Tensor) -> None:
        if step == 7:
            raise ended_by

    with pytest.raises(ended_by), monitor(model, tmp_path):
        train(model, 12, fail)
    assert not any(module._forward_hooks for module in model.modules())
    assert not _global_optimizer_post_hooks
    outcome = "interrupted" if ended_by is KeyboardInterrupt else "ValueError"
    assert lines(tmp_path, None)[-1] | {"seconds": 0} == {"kind": "end", "step": 7, "outcome": outcome, "seconds": 0}
    assert all(json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines())


def test_nothing_holds_a_graph(tmp_path):
    model = Net()
    gc.disable()
    try:
        with monitor(model, tmp_path, every=1):
            train(model, 3)
            x = batch(0)
            z = model(x)
            held = weakref.ref(x)
            del x
            assert held() is not None  # the graph saved it
            del z
            assert held() is None
    finally:
        gc.enable()


def test_values_that_are_not_finite_are_an_alarm_that_names_the_layer_and_training_goes_on(tmp_path, caplog):
    model = Net()

    def break_it(step: int, z: Tensor) -> None:
        if step == 4:
            nn.init.constant_(model.projector.weight, torch.inf)

    with monitor(model, tmp_path):
        train(model, 12, break_it)
    (alarm,) = lines(tmp_path, "alarm")
    assert alarm["name"] == "not finite"
    assert alarm["step"] == 5
    assert "embeddings, layer 'projector'" in alarm["evidence"]
    assert "6 of 6 rows" in alarm["evidence"]
    assert alarm["evidence"] in caplog.text
    fifth = lines(tmp_path)[1]
    assert fifth["effective_rank"]["embeddings"] is None
    assert fifth["effective_rank"]["features"] > 1
    why = {"embeddings": "its rows are not finite"}
    assert fifth["missing"] == dict.fromkeys(("effective_rank", "stable_rank", "participation_ratio"), why)
    said = "no effective_rank, stable_rank, participation_ratio of embeddings: its rows are not finite"
    assert caplog.text.count("its rows are not finite") == 2  # of embeddings and, by their gradient, of features
    assert said in caplog.text


def test_a_collapse_is_an_alarm(tmp_path, caplog):
    projector = nn.Linear(4, 12)
    model = nn.Sequential(OrderedDict(projector=projector))
    with monitor(model, tmp_path, features=None, every=100, rows=40):
        train(model, 100, P=40)
        nn.init.zeros_(projector.weight)
        train(model, 100, P=40)
    assert [alarm["name"] for alarm in lines(tmp_path, "alarm")] == ["complete collapse"]
    assert "at step 200 the spread of the embeddings is" in caplog.text


def test_a_measure_that_needs_views_says_that_it_lacks_them_once_in_the_log(tmp_path, caplog):
    with monitor(model := Net(), tmp_path, measures=[Spy().listed()]), caplog.at_level(logging.WARNING, "eigenview"):
        train(model, 12)
    for line in lines(tmp_path):
        assert line["spied"] == {"features": None, "embeddings": None}
        assert "views='calls'" in line["missing"]["spied"]["embeddings"]
    assert caplog.text.count("no spied of embeddings") == 1


def test_a_measure_that_fails_is_missing_and_a_full_disk_ends_only_the_writing(tmp_path, monkeypatch, caplog):
    def broken(rows: Tensor) -> float:
        raise IndexError("out of luck")

    with monitor(model := Net(), tmp_path, measures=["effective_rank", broken]):
        train(model, 2)
        assert lines(tmp_path)[0]["missing"]["broken"]["features"] == "IndexError: out of luck"
        monkeypatch.setattr(MetricsWriter, "write", lambda *_, **__: (_ for _ in ()).throw(OSError("disk full")))
        train(model, 12)
    assert caplog.text.count("nothing more is written: disk full") == 1


def test_several_optimizers_and_those_of_other_models(tmp_path):
    model, other = Net(), Net()
    optimizers = [sgd(model.backbone), sgd(model.projector), sgd(other)]
    with monitor(model, tmp_path) as looking:
        for step in range(1, 8):
            (model(batch(step)).square().mean() + other(batch(step)).mean()).backward()
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad()
    assert looking.steps == 7


def test_steps_by_hand_are_the_only_ones_then(tmp_path):
    model = Net()
    with monitor(model, tmp_path) as looking:
        train(model, 7, lambda step, z: looking.step())
    assert looking.steps == 7


def test_a_directory_that_holds_something_is_refused_and_resuming_goes_on(tmp_path, caplog):
    with monitor(model := Net(), tmp_path):
        train(model, 12)
    with pytest.raises(UsageError, match="choose another directory"):
        monitor(model, tmp_path).start()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write("3\n")
    with monitor(model, tmp_path, step=7):
        train(model, 5)
    assert "Skipped 1 line of metrics.jsonl" in caplog.text
    text = (tmp_path / "metrics.jsonl").read_text()
    (tmp_path / "metrics.jsonl").write_text(text.replace("\n3\n", "\n"))
    assert [line["step"] for line in lines(tmp_path)] == [1, 5, 8, 10]
    assert [line["resumed_from"] for line in lines(tmp_path, "start")] == [0, 7]
    (tmp_path / "recipe.yaml").touch()
    with pytest.raises(UsageError, match="a run of eigenview train"):
        monitor(model, tmp_path, step=7).start()


def scale(rows: Tensor) -> float:
    return 1.0


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"features": "backbon"}, r"features='backbon': the model has no such layer; did you mean 'backbone'\?"),
        ({"measures": ["effective_rnk"]}, "did you mean 'effective_rank'"),
        (
            {"measures": ["effective_rank", "effective_rank"]},
            "measure names must be unique identifiers; got 'effective_rank'",
        ),
        ({"measures": [lambda rows: 0.0]}, "define a function"),
        ({"every": 0}, "every = 0 must be 1 or more"),
        ({"measures": [scale]}, "'scale' is a reserved key in metrics.jsonl"),
        ({"features": "x" * 9}, "no such layer; its parts: backbone, projector$"),
    ],
)
def test_mistakes_end_in_one_line(tmp_path, options, error):
    with pytest.raises(UsageError, match=error) as raised:
        monitor(Net(), tmp_path, **options)
    assert "\n" not in str(raised.value)


def test_copies_of_the_model_are_not_heard(tmp_path):
    model = Net()
    with monitor(model, tmp_path) as looking:
        copies = copy.deepcopy(model), pickle.loads(pickle.dumps(model))
        for other in copies:
            other(batch(0))
        assert not looking._steps.saw_forward
        model(batch(0))
        assert looking._steps.saw_forward


def test_the_report_draws_it(tmp_path):
    with monitor(model := Net(), tmp_path):
        train(model, 12)
    page = write_page(tmp_path).read_text()
    assert "Effective rank over the training steps; features" in page
    assert "Spectrum of embeddings" in page
    assert "Stable rank over the training steps" in page
    for never in ("Loss", "recipe.yaml", "--resume", "images have no labels", "Nearest neighbours"):
        assert never not in page


def test_spectra_are_written_ever_more_rarely(tmp_path):
    with monitor(model := Net(), tmp_path, every=1):
        train(model, 30)
    with_spectrum = [line["step"] for line in lines(tmp_path) if "spectrum" in line]
    assert with_spectrum == [*range(1, 13), *range(13, 25, 2), 25, 29]
