import pytest

from tests.alarms.measurements import line, names, watching


def test_a_small_batch_cannot_fill_many_dimensions_and_is_not_blamed():
    assert names(watching(embeddings=4), line(500, embeddings=2.5)) == []
    assert names(watching(embeddings=32), line(500, embeddings=3.0)) == ["embeddings collapsed to a few dimensions"]


@pytest.mark.parametrize("rank", [1.0, 3.5])
def test_embeddings_in_a_few_dimensions_are_told(rank):
    assert names(watching(), line(500, embeddings=rank)) == ["embeddings collapsed to a few dimensions"]


def test_a_fall_from_the_peak_is_told_even_if_much_is_left():
    assert names(watching(), line(100, features=400), line(500, features=39)) == [
        "features collapsed to a few dimensions"
    ]
