from tests.alarms.measurements import cosines, line, names, watching


def test_all_alike_is_one_alarm_and_not_four():
    watch = watching()
    alike = line(500, scale=0.0, embeddings=1.0, cosine=cosines(0.999, 0.998))
    assert names(watch, alike, alike) == ["complete collapse"]


def test_alike_embeddings_do_not_matter_to_a_loss_far_from_collapse():
    assert names(watching(), line(500, scale=0.5, cosine=cosines(0.999, 0.995))) == []
    assert names(watching(), line(500, scale=None, cosine=cosines(0.999, 0.995))) == ["complete collapse"]


def test_embeddings_that_vanish_have_collapsed_whatever_their_direction():
    wide, gone = {"embeddings": 2.0}, {"embeddings": 1e-4}
    assert names(watching(), line(1, spread=wide), line(500, scale=None, spread=gone)) == ["complete collapse"]


def test_without_pairs_a_rank_of_one_is_complete_collapse():
    assert names(watching(), line(500, scale=None, embeddings=1.01)) == ["complete collapse"]
