"""Retrieval and zero-shot accuracy, against counting by hand and the laws of chance."""

import pytest
import torch

from eigenview.measures import label_zero_shot, retrieval
from eigenview.testing.draws import NOT_FINITE, gaussian, rotation

KS = (1, 5, 10)


def by_sorting(queries, candidates, matches, k) -> float:
    u, v = (torch.nn.functional.normalize(x, dim=1) for x in (queries, candidates))
    order = (u @ v.T).argsort(1, descending=True)[:, :k]
    return float(matches.gather(1, order).any(1).double().mean())


class TestRetrieval:
    def test_those_that_agree_are_always_found(self):
        z = gaussian(40, 8)
        found = retrieval(z, 3 * z @ torch.eye(8, dtype=z.dtype))
        assert set(found.recall.values()) == {1.0}
        assert found.chance == {1: pytest.approx(1 / 40), 5: pytest.approx(5 / 40), 10: pytest.approx(10 / 40)}

    def test_those_that_know_nothing_are_found_by_chance(self):
        N = 3000
        found = retrieval(gaussian(N, 16), gaussian(N, 16, seed=1))
        for k in KS:
            assert abs(found.recall[k] - k / N) < 4 * (k / N / N) ** 0.5  # four standard errors

    def test_collapsed_embeddings_find_what_chance_finds(self):
        for x in (torch.ones(30, 4), torch.zeros(30, 4), torch.ones(30, 4) + 1e-12 * gaussian(30, 4)):
            found = retrieval(x, x)
            assert found.recall == pytest.approx(found.chance)

    def test_it_counts_like_a_sort(self):
        queries, candidates = gaussian(50, 6), gaussian(80, 6, seed=1)
        matches = torch.rand(50, 80, generator=torch.Generator().manual_seed(2)) < 0.04
        matches[torch.arange(50), torch.arange(50)] = True
        found = retrieval(queries, candidates, matches, KS)
        assert found.recall == {k: pytest.approx(by_sorting(queries, candidates, matches, k)) for k in KS}

    def test_any_of_several_matches_counts(self):
        candidates = torch.eye(4)
        queries = torch.tensor([[0.1, 0.9, 0.3, 0.0]])
        for match, expected in ((0, (0.0, 0.0, 1.0)), (1, (1.0, 1.0, 1.0)), (2, (0.0, 1.0, 1.0))):
            matches = torch.zeros(1, 4, dtype=torch.bool)
            matches[0, [match, 3]] = True
            assert tuple(retrieval(queries, candidates, matches, (1, 2, 3)).recall.values()) == expected
            assert retrieval(queries, candidates, matches, (2,)).chance[2] == pytest.approx(1 - 1 / 6)

    def test_ties_are_in_random_order(self):
        """One candidate is before the match, and the match ties with two others: it is second in a third of orders."""
        candidates = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.6, 0.8], [0.6, 0.8], [0.0, 1.0]])
        matches = torch.tensor([[False, True, False, False, False]])
        found = retrieval(torch.tensor([[1.0, 0.0]]), candidates, matches, (1, 2, 3, 4))
        assert list(found.recall.values()) == pytest.approx([0, 1 / 3, 2 / 3, 1])

    def test_all_candidates_contain_the_match(self):
        assert retrieval(gaussian(4, 3), gaussian(4, 3, seed=1), ks=(4, 9)).recall == {4: 1.0, 9: 1.0}

    def test_lengths_and_a_common_rotation_change_nothing(self):
        x, y = gaussian(30, 5), gaussian(30, 5, seed=1)
        turned = retrieval(x @ rotation(5) * 7, y @ rotation(5) * gaussian(30, 1, seed=2).exp())
        assert turned == retrieval(x, y)

    @pytest.mark.parametrize("wrong", NOT_FINITE)
    def test_what_is_not_finite_is_refused(self, wrong):
        x = gaussian(4, 3)
        x[2, 1] = wrong
        for pair in ((x, gaussian(4, 3)), (gaussian(4, 3), x)):
            with pytest.raises(ValueError, match="not finite"):
                retrieval(*pair)

    @pytest.mark.parametrize(
        ("queries", "candidates", "options", "words"),
        [
            (4, 5, {}, "4 queries and 5 candidates do not pair"),
            (4, 4, {"matches": torch.zeros(4, 4, dtype=torch.bool)}, "query 0 has no match"),
            (4, 4, {"ks": (0,)}, "each k must be at least 1"),
            (4, 4, {"ks": ()}, "each k must be at least 1"),
            (0, 4, {}, "not 0 and 4"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, queries, candidates, options, words):
        with pytest.raises(ValueError, match=words):
            retrieval(gaussian(queries, 3), gaussian(candidates, 3), **options)

    @pytest.mark.usefixtures("as_users_call")
    def test_shapes_that_do_not_fit(self):
        x = gaussian(4, 3)
        with pytest.raises(ValueError, match="queries have"):
            retrieval(x, gaussian(4, 2))
        with pytest.raises(ValueError, match=r"of shape \[4, 4\], not \[4, 3\]"):
            retrieval(x, x, torch.ones(4, 3, dtype=torch.bool))


class TestLabelZeroShot:
    def test_the_nearest_class_is_counted(self):
        classes = torch.eye(3)
        samples = torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.1, 0.9], [0.9, 0.0, 0.1], [0.0, 1.0, 0.0]])
        found = label_zero_shot(samples, classes, torch.tensor([0, 2, 2, 1]))
        assert found.accuracy == 0.75
        assert found.chance == pytest.approx(1 / 3)
        assert found.majority == 0.5

    def test_collapsed_embeddings_are_at_chance(self):
        found = label_zero_shot(torch.ones(6, 2), torch.ones(3, 2), torch.tensor([0, 0, 0, 0, 1, 2]))
        assert found.accuracy == pytest.approx(found.chance)
        assert found.majority == pytest.approx(2 / 3)

    @pytest.mark.usefixtures("as_users_call")
    def test_labels_that_do_not_fit(self):
        x = gaussian(4, 3)
        with pytest.raises(ValueError, match="4 samples need one label each, not 3"):
            label_zero_shot(x, x, torch.tensor([0, 1, 2]))
        with pytest.raises(ValueError, match="labels must be rows of the 4 classes, not 4"):
            label_zero_shot(x, x, torch.tensor([0, 1, 2, 4]))
        with pytest.raises(ValueError, match="labels must be rows of the 4 classes, not -1"):
            label_zero_shot(x, x, torch.tensor([0, 1, 2, -1]))
