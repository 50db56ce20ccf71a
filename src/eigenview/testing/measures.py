"""The contract of measures, as an abstract test case; a measure's own tests inherit it.

from eigenview.testing import MeasureTestCase

class TestKurtosis(MeasureTestCase):
measure = staticmethod(kurtosis)
unchanged_by = frozenset({"samples permuted", "dimensions permuted", "scaled", "shifted"})
minimum, maximum = 1.0, 48.0
"""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from eigenview.testing.draws import NOT_FINITE, gaussian, permuted, rotation

TRANSFORMATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "samples permuted": lambda x: permuted(x, -2),
    "views permuted": lambda x: permuted(x, 0) if x.ndim == 3 else x,
    "dimensions permuted": lambda x: permuted(x, -1),
    "rotated": lambda x: x @ rotation(x.shape[-1]),
    "scaled": lambda x: 3.7 * x,
    "rows scaled": lambda x: x * gaussian(*x.shape[:-1], 1, seed=5).exp(),
    "shifted": lambda x: x + 2 * gaussian(x.shape[-1], seed=6),
    "dimensions stretched": lambda x: x * gaussian(x.shape[-1], seed=8).exp(),
}
"""Transformations of features [N, D] or [K, P, D] that a measure may or may not be invariant to."""


class MeasureTestCase:
    """What every measure keeps: finite values in its range, its invariances, its errors, its precision, its purity.

    Inherit it in a class named `Test…`, and set the attributes below. A measure returns a number or a dataclass of
    numbers. `unchanged_by` names every one of `TRANSFORMATIONS` that leaves the value as it is; all others must
    change it. Override `cloud` where the measure needs views, or other features than the default.
    """

    measure: ClassVar[Callable[..., Any]]
    """The measure under test, as `staticmethod(effective_rank)`; with options, as a static partial of it."""
    unchanged_by: ClassVar[frozenset[str]]
    """Names of the transformations to which it is invariant."""
    minimum: ClassVar[float] = 0.0
    """Smallest value that it can take."""
    maximum: ClassVar[float] = np.inf
    """Largest value that it can take."""
    tolerance: ClassVar[float] = 1e-9
    """Relative tolerance of its invariances."""

    def cloud(self) -> Tensor:
        """Features without any special structure, in float64: 48 anisotropic rows of 8 dimensions, off the origin."""
        return gaussian(48, 8) * torch.logspace(0, -1, 8, dtype=torch.float64) + 0.5

    def values(self, x: Tensor) -> list[float]:
        """The measure's value on x, or the values of its fields."""
        value = self.measure(x)
        numbers = list(vars(value).values()) if dataclasses.is_dataclass(value) else [value]
        assert all(isinstance(number, float | int) for number in numbers), f"{value!r} is not a number or a dataclass"
        return numbers

    def test_a_finite_number_within_its_range(self):
        """At three scales the values are finite and between `minimum` and `maximum`."""
        for scale in (1e-3, 1.0, 1e3):
            for value in self.values(scale * self.cloud()):
                assert np.isfinite(value)
                assert self.minimum - 1e-9 <= value <= self.maximum + 1e-9

    @pytest.mark.parametrize("transformation", TRANSFORMATIONS)
    def test_its_invariances_are_as_stated(self, transformation):
        """The value stays under each transformation of `unchanged_by`, and changes under every other."""
        x = self.cloud()
        if transformation == "views permuted" and x.ndim == 2:
            pytest.skip("there are no views")
        before, after = np.array(self.values(x)), np.array(self.values(TRANSFORMATIONS[transformation](x)))
        far = np.abs(after - before) > self.tolerance * np.maximum(np.abs(before), 1e-3)
        assert far.any() == (transformation not in self.unchanged_by), f"{before} became {after}"

    @pytest.mark.parametrize("bad", NOT_FINITE)
    def test_features_that_are_not_finite_are_refused(self, bad):
        """NaN and infinity raise a ValueError that says "not finite"."""
        x = self.cloud()
        x[..., 3, 1] = bad
        with pytest.raises(ValueError, match="not finite"):
            self.measure(x)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
    def test_low_precision_is_computed_in_more(self, dtype):
        """Features in low precision give what the same numbers in float64 give."""
        x = self.cloud().to(dtype)
        np.testing.assert_allclose(self.values(x), self.values(x.double()), rtol=1e-3, atol=1e-5)

    def test_it_is_a_pure_function(self):
        """The value repeats, the features stay as they are, and no global random generator moves."""
        x = self.cloud().requires_grad_()
        before, state, numpy_state = x.detach().clone(), torch.get_rng_state(), str(np.random.get_state())
        first, second = self.values(x), self.values(x)
        assert first == second
        assert torch.equal(x, before)
        assert torch.equal(torch.get_rng_state(), state)
        assert str(np.random.get_state()) == numpy_state

    def test_its_docstring_states_arguments_errors_source_and_cost(self):
        """The docstring has the sections that readers of a table look up."""
        text = inspect.getdoc(self.documented()) or ""
        missing = [part for part in ("Args:", "Raises:", "Source:", "Costs") if part not in text]
        assert not missing, f"the docstring lacks {', '.join(missing)}"

    def documented(self) -> Callable:
        """The function whose docstring counts."""
        return getattr(self.measure, "func", self.measure)
