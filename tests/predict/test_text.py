"""What is said of a prediction, whatever it is printed on."""

from dataclasses import replace

from eigenview.predict import show_prediction
from tests.predict.test_prediction import at, prediction
from tests.widths import assert_same_at_every_width


def test_a_prediction_says_the_same_at_every_width():
    p = prediction(at(0.5, 8), at(1, 5), at(2, 3))
    noisy = tuple(replace(each, drowned=2) for each in p.strengths)
    for each in (p, replace(p, strengths=noisy, here=noisy[1])):
        assert_same_at_every_width(lambda console, each=each: show_prediction(each, console))
