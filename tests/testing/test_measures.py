"""The contract of measures, inherited by a measure from outside the package, and what it catches."""

import pytest
import torch
from torch import Tensor

from eigenview import Monitor
from eigenview.measures import measure, measure_spec, panel
from eigenview.runs import History
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian
from eigenview.testing.measures import TRANSFORMATIONS


@measure(meaning="kurtosis of the norms of rows; 3 is Gaussian", max_rows=1000)
def norm_kurtosis(features: Tensor) -> float:
    """Kurtosis of the norms of rows: above 1, 3 is Gaussian.

    Costs one pass.

    Args:
        features: one row for each sample.

    Raises:
        ValueError: features are not finite.

    Source: this test.
    """
    norms = features.detach().double().norm(dim=1)
    if not torch.isfinite(norms).all():
        raise ValueError("features are not finite")
    centred = norms - norms.mean()
    return float(centred.pow(4).mean() / centred.square().mean() ** 2)


class TestNormKurtosis(MeasureTestCase):
    measure = staticmethod(norm_kurtosis)
    unchanged_by = frozenset({"samples permuted", "dimensions permuted", "rotated", "scaled"})
    minimum = 1.0


def test_a_declared_measure_from_outside_is_used_by_import_path_and_keeps_its_spec(tmp_path):
    path = f"{__name__}:norm_kurtosis"
    with Monitor(measures=[path, "effective_rank"], every=1, out=tmp_path) as monitor:
        monitor.observe(gaussian(40, 6))
        monitor.step()
    (record,) = History.read(tmp_path / "metrics.jsonl").steps
    assert 1 < record.value("norm_kurtosis", "embeddings") < 10
    (result,) = panel(gaussian(1200, 6), [measure_spec(norm_kurtosis)])
    assert (result.meaning, result.rows) == ("kurtosis of the norms of rows; 3 is Gaussian", 1000)


def case_of(function) -> MeasureTestCase:
    case = TestNormKurtosis()
    case.measure = function  # pyright: ignore[reportAttributeAccessIssue]
    return case


def test_a_measure_that_breaks_the_contract_fails():
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        case_of(lambda x: 2.0).test_features_that_are_not_finite_are_refused(float("nan"))
    with pytest.raises(AssertionError):
        case_of(lambda x: 0.5).test_a_finite_number_within_its_range()
    with pytest.raises(AssertionError):
        case_of(lambda x: float(x[0, 0])).test_its_invariances_are_as_stated("samples permuted")
    with pytest.raises(AssertionError):
        case_of(lambda x: 2.0).test_its_invariances_are_as_stated("shifted")
    with pytest.raises(AssertionError):
        case_of(lambda x: float(torch.randn(()))).test_it_is_a_pure_function()
    with pytest.raises(AssertionError, match="lacks Args:, Raises:, Source:, Costs"):
        case_of(lambda x: 2.0).test_its_docstring_states_arguments_errors_source_and_cost()


def test_the_transformations_change_features_without_structure():
    x = gaussian(3, 6, 4)
    assert all(not torch.equal(change(x), x) for change in TRANSFORMATIONS.values())
