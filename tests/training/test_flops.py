"""What training computes, counted."""

from dataclasses import replace

import pytest

from eigenview.config import DataRecipe, EncoderRecipe, ObjectiveRecipe, ProjectorRecipe, Recipe, TrainingRecipe
from eigenview.training import flops_of_step

P, K, FEATURES = 6, 2, 16


def recipe_of(D: int = 8, P: int = P, **changes) -> Recipe:
    base = Recipe(
        DataRecipe(size=8),
        encoder=EncoderRecipe("convnet", {"width": 4}),
        projector=ProjectorRecipe(D, hidden=()),
        objective=ObjectiveRecipe("TraceAlignment"),
        training=TrainingRecipe(P, precision="32-true"),
    )
    return replace(base, **changes)


def test_a_linear_layer_takes_two_operations_a_weight_and_sample_forward_and_four_backward():
    features = FEATURES
    more = flops_of_step(recipe_of(D=8)) - flops_of_step(recipe_of(D=5))
    assert more == 6 * K * P * features * 3


def test_operations_of_nets_grow_with_the_batch():
    assert flops_of_step(recipe_of(P=3 * P)) == 3 * flops_of_step(recipe_of())


def test_training_afterwards_draws_the_same_numbers():
    import torch

    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    flops_of_step(recipe_of())
    assert torch.equal(torch.rand(2), expected)


@pytest.mark.parametrize("data", [DataRecipe(), DataRecipe(size=8, captions="auto")])
def test_what_is_not_known_is_refused(data):
    with pytest.raises(ValueError, match="known view size"):
        flops_of_step(recipe_of(data=data))
