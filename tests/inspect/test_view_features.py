"""Features and embeddings of views, as a run makes them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from eigenview._errors import UsageError
from eigenview.data import open_images, pack
from eigenview.inspect import FEWEST_VIEWS, extract_view_features
from eigenview.runs import load, load_model
from eigenview.views import POLICIES

STRONG = "views: {policy: large}"


def test_without_augmentation_they_are_the_encoders_features_of_the_images(make_run):
    run = make_run()
    seen = extract_view_features(run, P=40, seed=3)
    images = open_images(str(run.parent / "images"))
    chosen = np.sort(np.random.default_rng(3).permutation(len(images))[:40])
    with torch.no_grad():
        expected = load(run)(pack(images, 8, chosen))
    assert seen.h.shape == (FEWEST_VIEWS, 40, expected.shape[1])
    for view in seen.h:
        torch.testing.assert_close(view, expected)


def test_embeddings_are_the_projectors(make_run):
    run = make_run(STRONG)
    seen = extract_view_features(run, P=30, K=2)
    with torch.no_grad():
        torch.testing.assert_close(load_model(run).projector(seen.h.flatten(0, 1)), seen.z.flatten(0, 1))
    assert not torch.equal(seen.z[0], seen.z[1])


def test_a_projector_that_the_objective_constrains_is_constrained(make_run):
    linear = "projector: {D: 6, hidden: []}\nobjective: {name: TraceContrastive, options: {constraint: orthogonal}}\n"
    seen = extract_view_features(make_run(linear + STRONG), P=50, K=2)
    h, z = seen.h.flatten(0, 1).double(), seen.z.flatten(0, 1).double()
    W = torch.linalg.lstsq(h, z).solution
    torch.testing.assert_close(h @ W, z, atol=1e-4, rtol=1e-4)
    projector = load_model(make_run.args[0]).projector
    weight = next(module.weight for module in projector.modules() if isinstance(module, torch.nn.Linear))
    torch.testing.assert_close(weight @ weight.T, torch.eye(6), atol=1e-5, rtol=0)


def test_without_a_projector_embeddings_are_the_features(make_run):
    seen = extract_view_features(make_run("projector: {D: 0}\nobjective: MMCR"), P=10, K=2)
    assert seen.z is seen.h


def test_the_same_seed_gives_the_same_views_and_no_one_elses_random_numbers_are_drawn(make_run):
    run, state = make_run(STRONG), torch.get_rng_state()
    first, second, other = (
        extract_view_features(run, P=20),
        extract_view_features(run, P=20),
        extract_view_features(run, P=20, seed=1),
    )
    assert torch.equal(first.h, second.h)
    assert not torch.equal(first.h, other.h)
    assert torch.equal(torch.get_rng_state(), state)


def test_another_policy_and_all_samples_there_are(make_run):
    run = make_run(STRONG)
    seen = extract_view_features(run, P=10**6, K=2, policy=POLICIES["identity"])
    assert seen.h.shape[1] == len(open_images(str(run.parent / "images")))
    assert torch.equal(seen.h[0], seen.h[1])


def photographs(folder: Path, count: int = 7) -> Path:
    folder.mkdir()
    generator = np.random.default_rng(0)
    for i in range(count):
        height, width = generator.integers(20, 60, 2)
        Image.fromarray(generator.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    return folder


def test_photographs_of_all_sizes_are_cropped_in_workers_or_without_to_the_same_views(make_run, tmp_path):
    folder = photographs(tmp_path / "photos")
    run = make_run(STRONG + f"\ndata: {{train: {folder}, size: 16, workers: 0}}")
    seen = extract_view_features(run, P=7, K=300)
    assert seen.h.shape[:2] == (300, 7)
    recipe = run / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("workers: 0", "workers: 1"))
    assert torch.equal(extract_view_features(run, P=7, K=300).h, seen.h)


def test_data_that_have_gone(make_run):
    run = make_run("data: {train: gone/photos}")
    with pytest.raises(UsageError, match=r"gone/photos.*--data DATA, or write features with eigenview embed"):
        extract_view_features(run)
    assert extract_view_features(run, P=5, K=2, source=str(run.parent / "images")).h.shape[1] == 5


@pytest.mark.parametrize(("P", "K"), [(1, 2), (5, 1)])
def test_too_few(make_run, P, K):
    with pytest.raises(UsageError, match="at least 2 samples and 2 views"):
        extract_view_features(make_run(), P=P, K=K)


def test_a_run_without_a_checkpoint(tmp_path):
    (tmp_path / "recipe.yaml").write_text("")
    with pytest.raises(UsageError, match="no checkpoint yet"):
        extract_view_features(tmp_path)
