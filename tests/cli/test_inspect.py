"""`eigenview inspect`, as it is typed."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from eigenview.cli import main
from eigenview.inspect import ViewFeatures, inspection
from eigenview.measures import CATALOGUE, ESSENTIAL, RECOMMENDED, WHY_RECOMMENDED


@pytest.fixture
def views(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    samples = generator.normal(size=(80, 6))
    np.save(tmp_path / "views.npy", samples + 0.2 * generator.normal(size=(3, 80, 6)))
    np.save(tmp_path / "rows.npy", samples)
    return tmp_path / "views.npy"


def test_a_file_gives_a_plain_table_when_piped(views, capsys):
    assert main(["inspect", str(views)]) == 0
    printed = capsys.readouterr()
    assert "features: 3 views × 80 samples × 6" in printed.out
    assert "effective rank" in printed.out
    assert not set("\x1b─│╭") & set(printed.out)
    assert printed.err == ""
    shown = [line for line in printed.out.splitlines() if line.startswith(" ")][1:]
    assert len(shown) == len({*ESSENTIAL, *(measure for measure, _ in RECOMMENDED)})
    assert main(["inspect", str(views), "--all"]) == 0
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith(" ")][1:]
    assert len(shown) == len(CATALOGUE)


def test_json_holds_every_measure_in_a_shape_that_stays(views, capsys):
    assert main(["inspect", str(views), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"version", "inputs", "ranked_by", "why", "mean_ranks", "agreement"}
    (one,) = said["inputs"]
    assert set(one) == {"name", "path", "kind", "step", "probes", "clouds"}
    results = one["clouds"]["features"]["results"]
    assert [result["measure"] for result in results] == [listed.name for listed in CATALOGUE]
    keys = "measure meaning direction value missing rows sampled references position doubt verdict"
    assert all(set(result) == set(keys.split()) for result in results)


def test_several_are_ranked_and_drawn(views, capsys):
    figure = views.with_name("figure.svg")
    assert main(["inspect", str(views), str(views.with_name("rows.npy")), "--plot", str(figure)]) == 0
    printed = capsys.readouterr()
    assert "2 inputs, ranked without labels" in printed.out
    assert "figure.svg" in printed.err
    assert "Marchenko–Pastur" in figure.read_text()


def test_runs_are_seen_under_the_same_views_and_their_probes_are_read(tmp_path, capsys, monkeypatch):
    seen = []

    def look(run, P, K, policy, data, seed, console):
        seen.append((P, K, policy, data, seed))
        h = torch.randn(K, P, 5, generator=torch.Generator().manual_seed(len(seen)))
        return ViewFeatures(h, h[..., :3].contiguous())

    monkeypatch.setattr(inspection, "extract_view_features", look)
    for i, policy in enumerate(("large", "small", "small")):
        run = tmp_path / f"run{i}"
        (run / "checkpoints" / "step-00000009").mkdir(parents=True)
        (run / "recipe.yaml").write_text(f"views: {{K: {2 + 2 * i}, policy: {policy}}}")
        line = {"kind": "probe", "step": 9, "input": "features", "probe": "kNN", "accuracy": 0.5 + i / 10}
        (run / "metrics.jsonl").write_text(json.dumps(line) + "\n")
    paths = [str(tmp_path / f"run{i}") for i in range(3)]
    assert main(["inspect", *paths, "--P", "50", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ranked_by"] == [{"cloud": cloud, "measure": measure} for measure, cloud in RECOMMENDED]
    assert said["why"] == WHY_RECOMMENDED
    assert len(set(seen)) == 1
    assert seen[0][:2] == (50, 6)
    assert [one["probes"] for one in said["inputs"]] == [{"kNN": 0.5}, {"kNN": 0.6}, {"kNN": 0.7}]
    assert {one["step"] for one in said["inputs"]} == {9}
    assert {line["n"] for line in said["agreement"]} == {3}
    assert {line["cloud"] for line in said["agreement"]} == {"features", "embeddings"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("inspect", "nothing to inspect: pass files of features or runs"),
        ("inspect nowhere", "does not exist"),
        ("inspect folder", "has no recipe.yaml"),
        ("inspect text.txt", "the extension must be one of .npy"),
        ("inspect pickle.pt", "could run code"),
        ("inspect nowhere.npy", "does not exist"),
        ("inspect one.npy", "has one sample"),
        ("inspect labels.npy", "these look like labels"),
        ("inspect nan.npy", "1 row has NaN or infinite values, the first is row 2"),
        ("inspect torn.npy", "cannot read torn.npy"),
        ("inspect objects.npy", "could run code"),
        ("inspect good.npy --plot a.gif", "the extension must be one of .png"),
        ("inspect good.npy --data digits", "omit --data for files of features"),
        ("inspect run", "run has no checkpoint yet"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    good = np.ones((4, 3))
    np.save("good.npy", good)
    np.save("one.npy", good[:1])
    np.save("labels.npy", good.astype(int))
    np.save("nan.npy", np.where(np.arange(12).reshape(4, 3) == 7, np.nan, good))
    np.save("objects.npy", np.array([{}, None]), allow_pickle=True)
    Path("torn.npy").write_bytes(Path("good.npy").read_bytes()[:-9])
    Path("run").mkdir()
    Path("folder").mkdir()
    Path("text.txt").write_text("text")
    Path("pickle.pt").write_bytes(pickle.dumps({Path("a")}, protocol=4))
    Path("run/recipe.yaml").write_text("")
    assert main(words.split()) == 2
    message = capsys.readouterr().err
    assert said in message
    assert message.startswith("eigenview: ")
    assert message.count("\n") == 1
