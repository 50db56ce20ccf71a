"""Policies are valid, say what is wrong with others, and scale between nothing and more than themselves."""

import dataclasses
import subprocess
import sys
from itertools import pairwise

import pytest

from eigenview._errors import UsageError
from eigenview.views import POLICIES, ViewPolicy

EVERYTHING = ViewPolicy(
    crop=(0.3, 0.9),
    flip=0.4,
    jitter=0.7,
    brightness=0.4,
    contrast=0.3,
    saturation=0.2,
    hue=0.1,
    grey=0.3,
    blur=0.5,
    blur_sigma=(0.2, 1.5),
    noise=0.1,
    rotation=30.0,
)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("crop", (0.0, 1.0)),
        ("crop", (0.5, 1.1)),
        ("crop", (0.9, 0.5)),
        ("crop", (float("nan"), 1.0)),
        ("ratio", (0.0, 1.0)),
        ("ratio", (2.0, 1.0)),
        ("flip", -0.1),
        ("flip", float("nan")),
        ("jitter", 1.1),
        ("brightness", -1.0),
        ("contrast", float("inf")),
        ("saturation", -0.01),
        ("hue", 0.6),
        ("grey", 2.0),
        ("blur", -1.0),
        ("blur_sigma", (-0.1, 1.0)),
        ("blur_sigma", (2.0, 1.0)),
        ("noise", -0.5),
        ("rotation", 181.0),
    ],
)
def test_bad_value_is_told_in_one_line(field, value):
    with pytest.raises(UsageError, match=f"^view policy: {field} must be [^\n]*not [^\n]*$"):
        ViewPolicy(**{field: value})


def test_the_papers_policies():
    large, moderate, small = POLICIES["large"], POLICIES["moderate"], POLICIES["small"]
    assert (large.crop, moderate.crop, small.crop) == ((0.08, 1.0), (0.5, 1.0), (0.9, 1.0))
    assert (large.flip, moderate.flip, small.flip) == (0.5, 0.5, 0.0)
    for policy, strength in ((large, 0.5), (moderate, 0.25), (small, 0.05)):
        assert (policy.jitter, policy.grey) == (0.8, 0.2)
        assert (policy.brightness, policy.contrast, policy.saturation) == pytest.approx((0.8 * strength,) * 3)
        assert policy.hue == pytest.approx(0.2 * strength)
    assert POLICIES["identity"] == ViewPolicy()


@pytest.mark.parametrize("policy", [*POLICIES.values(), EVERYTHING])
def test_strength_one_is_the_policy(policy):
    assert policy.scaled(1.0) == policy


def test_strength_zero_has_no_magnitude_left():
    nothing = EVERYTHING.scaled(0.0)
    assert nothing.crop == (1.0, 1.0)
    assert nothing.blur_sigma == (0.0, 0.0)
    for name in ("flip", "brightness", "contrast", "saturation", "hue", "grey", "noise", "rotation"):
        assert getattr(nothing, name) == 0.0


def test_scaling_is_monotone_continuous_and_valid():
    strengths = [i / 50 for i in range(201)]
    scaled = [EVERYTHING.scaled(s) for s in strengths]
    for field in dataclasses.fields(ViewPolicy):
        values = [getattr(policy, field.name) for policy in scaled]
        columns = list(zip(*values, strict=True)) if isinstance(values[0], tuple) else [values]
        for column in columns:
            steps = [b - a for a, b in pairwise(column)]
            falls = field.name == "crop"
            assert all(step <= 0 if falls else step >= 0 for step in steps), field.name
            assert max(map(abs, steps)) <= 0.021 * max(1.0, EVERYTHING.rotation if field.name == "rotation" else 1.5)


def test_a_flip_never_becomes_more_certain_than_even_odds():
    assert ViewPolicy(flip=0.4).scaled(4.0).flip == 0.5
    assert ViewPolicy(flip=0.8).scaled(4.0).flip == 0.8


@pytest.mark.parametrize("strength", [-0.5, float("nan"), float("inf")])
def test_bad_strength(strength):
    with pytest.raises(UsageError, match="strength"):
        EVERYTHING.scaled(strength)


def test_the_command_line_can_import_policies_without_torch():
    code = (
        "import sys; from eigenview.views.policy import POLICIES; print('torch' in sys.modules, 'numpy' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["False", "False"]
