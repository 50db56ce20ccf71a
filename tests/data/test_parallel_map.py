"""Results come in order, however many there are, and errors come through."""

import threading

import pytest

from eigenview.data.parallel_map import cpus, in_threads


@pytest.mark.parametrize("count", [0, 1, 256, 257, 1000])
def test_results_are_in_the_order_of_items(count):
    assert list(in_threads(lambda i: i * i, range(count))) == [i * i for i in range(count)]


def test_it_runs_outside_the_main_thread():
    assert threading.main_thread() not in set(in_threads(lambda _: threading.current_thread(), range(8)))


def test_an_error_reaches_the_caller():
    def fail(i: int) -> int:
        raise ZeroDivisionError(i)

    with pytest.raises(ZeroDivisionError):
        list(in_threads(fail, range(3)))


def test_only_some_results_are_computed_ahead():
    begun = []
    results = in_threads(lambda i: begun.append(i) or i, range(10_000))
    next(results)
    assert len(begun) <= 256


def test_this_process_has_a_processor():
    assert cpus() >= 1
