"""What every measure keeps. A test class inherits it, and says what is its own."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

NOT_FINITE = [float("nan"), float("inf"), -float("inf")]


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def rotation(D: int) -> Tensor:
    return torch.linalg.qr(draw(D, D, seed=7)).Q


def permuted(x: Tensor, dim: int) -> Tensor:
    order = torch.randperm(x.shape[dim], generator=torch.Generator().manual_seed(3))
    return x.index_select(dim, order)


# What may be done to a cloud [N, D] or [K, P, D]. Samples are always the last dimension but one.
CHANGES: dict[str, Callable[[Tensor], Tensor]] = {
    "samples permuted": lambda x: permuted(x, -2),
    "views permuted": lambda x: permuted(x, 0) if x.ndim == 3 else x,
    "dimensions permuted": lambda x: permuted(x, -1),
    "rotated": lambda x: x @ rotation(x.shape[-1]),
    "scaled": lambda x: 3.7 * x,
    "rows scaled": lambda x: x * draw(*x.shape[:-1], 1, seed=5).exp(),
    "shifted": lambda x: x + 2 * draw(x.shape[-1], seed=6),
    "dimensions stretched": lambda x: x * draw(x.shape[-1], seed=8).exp(),
}


class MeasureTestCase:
    """Inherit, name the class `Test…`, and say which measure and what leaves it unchanged.

    `unchanged_by` names every change of CHANGES that leaves the value as it is; all others must move it.
    """

    measure: ClassVar[Callable[..., Any]]
    """The measure under test: `measure = staticmethod(effective_rank)`; with options, a partial of it."""
    unchanged_by: ClassVar[frozenset[str]]
    least: ClassVar[float] = 0.0
    most: ClassVar[float] = np.inf
    tolerance: ClassVar[float] = 1e-9
    """Relative, of what leaves the value as it is."""

    def cloud(self) -> Tensor:
        """Features that are nothing special, in float64."""
        return draw(48, 8) * torch.logspace(0, -1, 8, dtype=torch.float64) + 0.5

    def values(self, x: Tensor) -> list[float]:
        """The measure's value, or the values of its fields."""
        value = self.measure(x)
        numbers = list(vars(value).values()) if dataclasses.is_dataclass(value) else [value]
        assert all(isinstance(number, float | int) for number in numbers)
        return numbers

    def test_a_finite_number_within_its_range(self):
        for scale in (1e-3, 1.0, 1e3):
            for value in self.values(scale * self.cloud()):
                assert np.isfinite(value)
                assert self.least - 1e-9 <= value <= self.most + 1e-9

    @pytest.mark.parametrize("change", CHANGES)
    def test_what_changes_it_and_what_does_not(self, change):
        x = self.cloud()
        before, after = np.array(self.values(x)), np.array(self.values(CHANGES[change](x)))
        if change == "views permuted" and x.ndim == 2:
            pytest.skip("there are no views")
        far = np.abs(after - before) > self.tolerance * np.maximum(np.abs(before), 1e-3)
        assert far.any() == (change not in self.unchanged_by), f"{before} became {after}"

    @pytest.mark.parametrize("bad", NOT_FINITE)
    def test_what_is_not_finite_is_refused(self, bad):
        x = self.cloud()
        x[..., 3, 1] = bad
        with pytest.raises(ValueError, match="not finite"):
            self.measure(x)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
    def test_low_precision_is_computed_in_more(self, dtype):
        x = self.cloud().to(dtype)
        np.testing.assert_allclose(self.values(x), self.values(x.double()), rtol=1e-3, atol=1e-5)

    def test_features_stay_as_they_are_and_no_one_elses_random_numbers_are_drawn(self):
        x = self.cloud().requires_grad_()
        before, state, numpy_state = x.detach().clone(), torch.get_rng_state(), str(np.random.get_state())
        first, second = self.values(x), self.values(x)
        assert first == second
        assert torch.equal(x, before)
        assert torch.equal(torch.get_rng_state(), state)
        assert str(np.random.get_state()) == numpy_state

    def test_it_says_what_it_takes_what_it_costs_and_where_it_comes_from(self):
        text = inspect.getdoc(self.documented()) or ""
        for part in ("Args:", "Raises:", "Source:", "Costs"):
            assert part in text

    def documented(self) -> Callable:
        """The function whose docstring counts."""
        return getattr(self.measure, "func", self.measure)
