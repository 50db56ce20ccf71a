"""Streamed covariances against whole matrices, and against what is known of views."""

import numpy as np
import pytest
import torch

from eigenview.predict import CovarianceStream, pixel_features, stream_covariances
from eigenview.views import ViewPolicy, augment
from tests.memory import Memory


def rows(K: int, P: int, d: int, seed: int = 0, noise: float = 0.5, far: float = 0.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    mixed = torch.randn(d, d, generator=generator, dtype=torch.float64)
    clean = torch.randn(P, d, generator=generator, dtype=torch.float64) @ mixed
    return clean + noise * torch.randn(K, P, d, generator=generator, dtype=torch.float64) + far


def streamed(*parts: torch.Tensor) -> CovarianceStream:
    stream = CovarianceStream()
    for part in parts:
        stream.add(part)
    return stream


@pytest.mark.parametrize("far", [0.0, 1e6])
def test_they_are_those_of_the_whole_matrix(far):
    x = rows(3, 40, 5, far=far)
    found = streamed(*x.split([1, 12, 27], dim=1)).covariances()
    # As a user of NumPy would have them: within a sample, and of centroids without their share of it.
    within = np.mean([np.cov(x[:, p].numpy().T) for p in range(40)], axis=0)
    between = np.cov(x.mean(0).numpy().T) - within / 3
    np.testing.assert_allclose(found.C, within, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found.A0, between, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found.mean, x.mean((0, 1)))
    assert (found.samples, found.clipped) == (40, 0.0)


@pytest.mark.parametrize("size", [1, 7, 40])
def test_any_split_gives_the_same(size):
    x = rows(2, 40, 4)
    whole, parts = streamed(x).covariances(), streamed(*x.split(size, dim=1)).covariances()
    for name in ("A0", "C", "mean"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), atol=1e-12)


@pytest.mark.parametrize(("P", "K"), [(300, 2), (300, 8), (4000, 4)])
@pytest.mark.parametrize("shared", [0, 10])
def test_chance_is_as_much_as_views_of_nothing_in_common_seem_to_share(P, K, shared):
    generator = torch.Generator().manual_seed(0)
    clean = 3 * torch.randn(P, 50, generator=generator, dtype=torch.float64) * (torch.arange(50) < shared)
    noise = torch.randn(K, P, 50, generator=generator, dtype=torch.float64) * torch.linspace(0.5, 2, 50)
    found = streamed(clean + noise).covariances()
    # Without it about half of the other directions would seem to be shared.
    assert abs((1 - found.noise_shares > 1e-9).sum() - shared - (50 - shared) / 2) < 8
    assert abs((1 - found.noise_shares > found.chance).sum() - shared) <= 3  # the edge is sharp for many
    assert found.standardised().chance == found.chance


def test_no_direction_is_left_to_chance_where_none_came_out_negative():
    assert streamed(rows(3, 400, 5)).covariances().chance == 0
    assert streamed(rows(1, 20, 30).repeat(2, 1, 1)).covariances().chance == 0


def test_fewer_samples_than_dimensions_leave_all_to_chance():
    noise = torch.randn(8, 30, 192, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = streamed(noise).covariances()
    assert (1 - found.noise_shares > 1e-9).sum() == 29
    assert not (1 - found.noise_shares > found.chance).any()


def test_few_samples_are_right_on_average():
    generator = torch.Generator().manual_seed(0)
    draws = torch.randn(3000, 30, 1, generator=generator) + 0.7 * torch.randn(2, 3000, 30, 1, generator=generator)
    found = [streamed(draws[:, i]).covariances() for i in range(3000)]
    assert max(each.clipped for each in found) == 0
    A0, C = (np.array([getattr(each, name).item() for each in found]) for name in ("A0", "C"))
    for values, expected in ((A0, 1.0), (C, 0.49)):
        error = values.std() / np.sqrt(len(values))
        assert error < 0.01
        assert abs(values.mean() - expected) < 4 * error


def test_memory_does_not_grow_with_samples():
    peaks = []
    for batches in (3, 60):
        with Memory() as memory:
            stream = CovarianceStream()
            for i in range(batches):
                stream.add(torch.full((4, 25, 16), float(i)))
            stream.covariances()
        peaks.append(memory.peak)
    assert peaks[0] == peaks[1]
    assert peaks[0] < 10 * 4 * 25 * 16 * 8


def test_noise_on_pixels_adds_its_own_variance():
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(100, 156, (2000, 3, 4, 4), dtype=torch.uint8, generator=generator)  # far from being clipped
    views = augment(images, ViewPolicy(noise=0.1), 4, generator)
    (found,) = stream_covariances([(0, views)], pixel_features(2, grey=False), [].append)
    # Means of four pixels: of noise of variance 0.01, and of levels of variance (56² − 1)/12.
    np.testing.assert_allclose(found.C, 0.01 / 4 * np.eye(12), atol=3e-4)
    np.testing.assert_allclose(np.diag(found.A0), (56**2 - 1) / 12 / 255**2 / 4, rtol=0.15)
    (grey,) = stream_covariances([(0, views)], pixel_features(2, grey=True), [].append)
    np.testing.assert_allclose(grey.C, 0.01 / 12 * np.eye(4), atol=1e-4)


def test_views_that_are_alike_add_exactly_nothing():
    x = rows(1, 30, 4).expand(3, 30, 4)
    found = streamed(x).covariances()
    assert np.abs(found.C).max() < 1e-25
    np.testing.assert_allclose(found.A0, np.cov(x[0].numpy().T))


def test_what_views_drown_is_cut_at_zero():
    found = streamed(torch.randn(2, 50, 10, generator=torch.Generator().manual_seed(0))).covariances()
    assert found.clipped > 0.1
    assert np.linalg.eigvalsh(found.A0)[0] > -1e-12


def test_standardised_features_have_a_mean_variance_of_one():
    found = streamed(rows(2, 40, 4)).covariances()
    scaled = found.standardised()
    assert np.trace(scaled.A0 + scaled.C) == pytest.approx(4)
    np.testing.assert_allclose(scaled.A0 * found.scale, found.A0)
    assert not scaled.mean.any()
    with pytest.raises(ValueError, match="no variance"):
        streamed(torch.ones(2, 3, 4)).covariances().standardised()


def test_policies_are_kept_apart():
    views = [torch.rand(2, 6, 3, 4, 4, generator=torch.Generator().manual_seed(i)) for i in range(4)]
    told = []
    found = stream_covariances(zip([0, 1, 0, 1], views, strict=True), pixel_features(1, grey=False), told.append)
    assert told == [6] * 4
    for i in range(2):
        (alone,) = stream_covariances([(0, views[i]), (0, views[i + 2])], pixel_features(1, grey=False), [].append)
        np.testing.assert_array_equal(found[i].A0, alone.A0)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        streamed(torch.tensor([[[1.0], [torch.nan]]]))
    for few in (torch.rand(1, 5, 2), torch.rand(5, 1, 2)):
        with pytest.raises(ValueError, match="at least two views of two samples"):
            streamed(few).covariances()
    with pytest.raises(ValueError, match="at least two views"):
        CovarianceStream().covariances()
    with pytest.raises(ValueError, match="cannot join"):
        streamed(torch.rand(2, 5, 2), torch.rand(3, 5, 2))
