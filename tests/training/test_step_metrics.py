"""When training measures."""

import pytest

from eigenview.training.step_metrics import SPECTRA_IN_A_RUN, MeasuredSteps


def test_the_first_update_the_last_and_one_in_a_few_are_measured():
    schedule = MeasuredSteps(every=5, steps=12)
    assert [step for step in range(1, 13) if schedule.due(step)] == [1, 5, 10, 12]


@pytest.mark.parametrize(("every", "steps"), [(1, 10), (10, 600), (7, 100_000)])
def test_spectra_are_of_measurements_and_few(every, steps):
    schedule = MeasuredSteps(every, steps)
    found = [step for step in range(1, steps + 1) if schedule.with_spectrum(step)]
    assert all(schedule.due(step) for step in found)
    assert {1, steps} <= set(found)
    measured = sum(schedule.due(step) for step in range(1, steps + 1))
    assert min(measured, SPECTRA_IN_A_RUN) <= len(found) <= 2 * SPECTRA_IN_A_RUN + 2
