import pytest
import torch

from eigenview import Recipe, UsageError
from eigenview.config import EncoderRecipe, ProjectorRecipe
from eigenview.runs import build_encoder, build_model

RECIPE = Recipe(encoder=EncoderRecipe("convnet", {"width": 8}), projector=ProjectorRecipe(D=5, hidden=(7,)))


def test_a_model_of_the_recipe_and_its_encoder_alone():
    torch.manual_seed(0)
    model = build_model(RECIPE, ((0.1, 0.2, 0.3), (1.0, 1.0, 1.0)))
    torch.manual_seed(0)
    encoder = build_encoder(RECIPE, ((0.1, 0.2, 0.3), (1.0, 1.0, 1.0)))
    for name, weight in encoder.state_dict().items():
        assert torch.equal(weight, model.encoder.state_dict()[name])
    h, z = model(torch.rand(2, 3, 3, 16, 16))
    assert h.shape == (2, 3, encoder.features)
    assert z.shape == (2, 3, 5)


def test_an_encoder_that_does_not_exist_is_named():
    with pytest.raises(UsageError, match="unknown encoder 'convnt'"):
        build_encoder(Recipe(encoder=EncoderRecipe("convnt")))
