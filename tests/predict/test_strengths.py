"""What views make of images before training, for pixels, fresh nets and runs."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console

from eigenview._errors import UsageError
from eigenview.config import Recipe
from eigenview.data import open_images, pack
from eigenview.inspect import extract_view_features
from eigenview.predict import PIXELS, UNTRAINED, CovariancesByStrength, CovarianceStream, covariances_by_strength
from eigenview.predict.feature_maps import are_grey, untrained_features
from eigenview.runs import Run
from eigenview.views import augment

NOISY = "views: {policy: {noise: 0.2, crop: [0.5, 1.0]}}"


def saved(folder: Path, count: int = 40, size: tuple[int, int] = (8, 8), grey: bool = False) -> str:
    folder.mkdir()
    generator = np.random.default_rng(0)
    for i in range(count):
        pixels = generator.integers(0, 256, (*size, 1 if grey else 3), dtype=np.uint8)
        Image.fromarray(np.broadcast_to(pixels, (*size, 3)).copy()).save(folder / f"{i}.png")
    return str(folder)


def recipe(source: str, text: str = NOISY) -> Recipe:
    base = Recipe.from_yaml("encoder: {name: convnet, options: {width: 4}}\nprojector: {D: 6}")
    return Recipe.from_yaml(f"{text}\ndata: {{train: '{source}', workers: 0}}", base=base)


def same(first: CovariancesByStrength, second: CovariancesByStrength) -> bool:
    pairs = zip(first.covariances, second.covariances, strict=True)
    return all(np.array_equal(a.A0, b.A0) and np.array_equal(a.C, b.C) for a, b in pairs)


def test_pixels_are_those_of_the_views_of_training(tmp_path):
    asked = recipe(saved(tmp_path / "images"))
    seen = covariances_by_strength(asked, [1.0, 0.5], patches=4, K=3)
    images = pack(open_images(asked.data.train))
    for strength, found in zip(seen.strengths, seen.covariances, strict=True):
        policy = asked.views.policy.scaled(strength)
        views = augment(images, policy, 3, torch.Generator().manual_seed(0), 8)
        pooled = views.unflatten(-1, (4, 2)).unflatten(-3, (4, 2)).mean((-3, -1)).flatten(2)
        stream = CovarianceStream()
        stream.add(pooled)
        expected = stream.covariances().standardised()
        np.testing.assert_allclose(found.A0, expected.A0, atol=1e-5)
        np.testing.assert_allclose(found.C, expected.C, atol=1e-5)
    stream = CovarianceStream()
    stream.add(augment(images, asked.views.policy, 3, torch.Generator().manual_seed(0), 8)[:, ::2].mean((3, 4)))
    half = covariances_by_strength(asked, [1.0], patches=1, K=3).half
    assert half is not None
    np.testing.assert_allclose(half.C, stream.covariances().standardised().C, atol=1e-5)
    assert (seen.images, seen.of, seen.K, seen.size, seen.patches, seen.d) == (40, 40, 3, 8, 4, 48)
    assert seen.covariances[1].C.trace() < seen.covariances[0].C.trace()


def test_the_same_seed_gives_the_same_and_no_one_elses_random_numbers_are_drawn(tmp_path):
    asked = recipe(saved(tmp_path / "images"))
    for features in (PIXELS, UNTRAINED):
        state = torch.get_rng_state()
        first, second = (covariances_by_strength(asked, [1.0], features, N=30) for _ in range(2))
        assert torch.equal(torch.get_rng_state(), state)
        assert same(first, second)
        assert not same(first, covariances_by_strength(asked, [1.0], features, N=30, seed=1))


def test_grey_images_have_a_third_of_the_directions(tmp_path):
    grey, colour = saved(tmp_path / "grey", grey=True), saved(tmp_path / "colour")
    assert (are_grey(open_images(grey)), are_grey(open_images(colour))) == (True, False)
    assert covariances_by_strength(recipe(grey), [1.0]).d == 64
    assert covariances_by_strength(recipe(colour), [1.0]).d == 192


def test_images_that_are_large_are_cropped_under_each_policy(tmp_path):
    source = saved(tmp_path / "images", 12, (260, 260))
    asked = recipe(source, "views: {policy: {crop: [0.1, 0.5]}}")
    both, one = covariances_by_strength(asked, [1.0, 0.0]), covariances_by_strength(asked, [1.0])
    np.testing.assert_allclose(both.covariances[0].A0, one.covariances[0].A0, atol=1e-6)
    assert both.covariances[0].C.trace() > 0.1
    assert both.covariances[1].C.trace() < 1e-12
    assert (both.K, both.size) == (4, 64)


def test_an_untrained_net_sees_an_image_alone_as_among_others(tmp_path):
    views = torch.rand(4, 20, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    features = untrained_features(recipe("nowhere"), 0, [(0, views)])
    some = views[0]
    with torch.no_grad():
        whole, alone = features(some), torch.cat([features(some[i : i + 1]) for i in range(20)])
    torch.testing.assert_close(alone, whole, atol=1e-5, rtol=1e-4)
    # Batch norms have the statistics of the views that they were shown: features are neither nothing nor huge.
    assert 0.05 < whole.mean() < 2


def test_a_runs_encoder_gives_its_features(make_run):
    run = make_run(NOISY)
    seen = covariances_by_strength(Run.open(run).recipe, [1.0], str(run), N=40, K=4, seed=3)
    stream = CovarianceStream()
    stream.add(extract_view_features(run, P=40, K=4, seed=3).h)
    expected = stream.covariances().standardised()
    np.testing.assert_allclose(seen.covariances[0].A0, expected.A0, atol=1e-4)
    np.testing.assert_allclose(seen.covariances[0].C, expected.C, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"N": 1}, "--images must be at least 2"),
        ({"K": 1}, "--views must be at least 2"),
        ({"seed": -1}, "--seed must be from 0 to"),
        ({"patches": 0}, "--size must be from 1 to 32"),
        ({"patches": 9}, "at most 8, not 9"),
        ({"patches": 4, "features": UNTRAINED}, "--size applies only to --features pixels"),
        ({"features": "nowhere"}, "is not a run"),
    ],
)
def test_what_cannot_be_is_refused(options, words, tmp_path):
    with pytest.raises(UsageError, match=words):
        covariances_by_strength(recipe(saved(tmp_path / "images", 4)), [1.0], **options)


def test_half_are_every_other_image_whatever_the_batches(tmp_path):
    asked = recipe(saved(tmp_path / "images", 7))
    # 300 views of an image leave room for one image in a batch.
    halves = [
        covariances_by_strength(asked, [1.0, 0.5], N=N, K=K, patches=1).half for N, K in ((7, 300), (7, 2), (3, 2))
    ]
    assert [half and half.samples for half in halves] == [4, 4, None]


def test_images_that_tell_nothing_are_refused(tmp_path):
    with pytest.raises(UsageError, match="has only one image"):
        covariances_by_strength(recipe(saved(tmp_path / "one", 1)), [1.0])
    (tmp_path / "black").mkdir()
    for i in range(3):
        Image.new("RGB", (8, 8)).save(tmp_path / "black" / f"{i}.png")
    with pytest.raises(UsageError, match="no variance"):
        covariances_by_strength(recipe(str(tmp_path / "black"), "views: {policy: identity}"), [1.0])


def test_images_that_do_not_decode_are_told(tmp_path):
    source = saved(tmp_path / "images", 4)
    (tmp_path / "images" / "0.png").write_text("no image")
    printed = io.StringIO()
    seen = covariances_by_strength(recipe(source), [1.0], console=Console(file=printed, width=40))
    assert printed.getvalue() == "skipped 1 file, 0.png: not an image\n"
    assert (seen.images, seen.of, seen.skipped) == (3, 3, 1)


def test_a_mistake_of_ours_is_no_users(tmp_path, monkeypatch):
    def features(views):
        raise ValueError("of ours")

    monkeypatch.setattr("eigenview.predict.strengths.pixel_features", lambda *_: features)
    with pytest.raises(ValueError, match="of ours") as caught:
        covariances_by_strength(recipe(saved(tmp_path / "images", 4)), [1.0])
    assert not isinstance(caught.value, UsageError)


def test_features_that_are_not_finite_are_refused(make_run, monkeypatch):
    run = make_run()
    monkeypatch.setattr(
        "eigenview.predict.strengths.encoder_features", lambda run: lambda views: views.mean((2, 3)) / 0
    )
    with pytest.raises(UsageError, match="not finite"):
        covariances_by_strength(Run.open(run).recipe, [1.0], str(run))
