from tests.alarms.measurements import cosines, line, names, watching


def test_views_as_far_apart_as_samples_twice():
    apart, near = cosines(0.31, 0.3), cosines(0.5, 0.3)
    assert names(watching(), line(500, cosine=apart), line(550, cosine=near), line(600, cosine=apart)) == []
    assert names(watching(), line(500, cosine=apart), line(550, cosine=apart)) == ["no invariance"]
