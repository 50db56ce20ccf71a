"""The built-in recipes: a function for each."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from eigenview._errors import UsageError
from eigenview._names import resolve
from eigenview.config.recipe import Recipe
from eigenview.config.sections import (
    DataRecipe,
    EncoderRecipe,
    ObjectiveRecipe,
    OptimizerRecipe,
    ProjectorRecipe,
    TextRecipe,
    TrainingRecipe,
    ViewsRecipe,
)
from eigenview.config.yaml import read_yaml
from eigenview.views.policy import POLICIES, ViewPolicy


def digits() -> Recipe:
    """For the 8×8 digits that ship with scikit-learn; trains in about a minute and a half on two cores."""
    policy = ViewPolicy(
        crop=(0.3, 1.0), ratio=(0.5, 2.0), jitter=0.8, brightness=0.5, contrast=0.5, noise=0.15, rotation=15.0
    )
    return Recipe(
        views=ViewsRecipe(K=4, policy=policy),
        encoder=EncoderRecipe("convnet", {"width": 32}),
        projector=ProjectorRecipe(D=64, hidden=(256,)),
        objective=ObjectiveRecipe("InfoNCE", {"temperature": 0.4}),
        optimizer=OptimizerRecipe("sgd", lr=0.2, weight_decay=1e-3),
        training=TrainingRecipe(P=128, steps=600, measure_every=25, checkpoint_every=200),
    )


def cpu() -> Recipe:
    """For small images (about 32×32): a narrow ResNet-18 on 24×24 views; about 15 minutes on two cores."""
    return Recipe(
        data=DataRecipe(size=24),
        views=ViewsRecipe(K=4, policy=replace(POLICIES["large"], crop=(0.2, 1.0))),
        encoder=EncoderRecipe("resnet18", {"width": 16, "stem": "small"}),
        projector=ProjectorRecipe(D=128, hidden=(512,)),
        objective=ObjectiveRecipe("InfoNCE", {"temperature": 0.2}),
        optimizer=OptimizerRecipe("sgd", lr=0.3, weight_decay=5e-4),
        training=TrainingRecipe(P=128, steps=1000, measure_every=50, checkpoint_every=200),
    )


def gpu() -> Recipe:
    """For photographs on one GPU: ResNet-50 on 224×224 crops, SimCLR's objective and optimizer, policy `large`."""
    return Recipe(
        data=DataRecipe(size=224, workers=8),
        views=ViewsRecipe(K=2, policy=POLICIES["large"]),
        encoder=EncoderRecipe("resnet50"),
        projector=ProjectorRecipe(D=128, hidden=(2048,)),
        objective=ObjectiveRecipe("InfoNCE", {"temperature": 0.1}),
        optimizer=OptimizerRecipe("lars", lr=0.6, weight_decay=1e-6),
        training=TrainingRecipe(P=512, steps=20_000, measure_every=100, checkpoint_every=1000),
    )


def captions() -> Recipe:
    """For captioned images: a narrow ResNet-18 on 32×32, a small transformer, CLIP; minutes on two cores."""
    return Recipe(
        data=DataRecipe(size=32, captions="auto"),
        views=ViewsRecipe(K=1, policy=ViewPolicy(crop=(0.6, 1.0), flip=0.5)),
        encoder=EncoderRecipe("resnet18", {"width": 16, "stem": "small"}),
        projector=ProjectorRecipe(D=256, hidden=()),
        text=TextRecipe(vocabulary=2000, context=32, width=128, depth=2, heads=4),
        objective=ObjectiveRecipe("CLIP"),
        optimizer=OptimizerRecipe("adamw", lr=1e-3, weight_decay=0.1, warmup=0.1, clip=1.0),
        training=TrainingRecipe(P=128, steps=600, measure_every=25, checkpoint_every=200),
    )


RECIPES: dict[str, Callable[[], Recipe]] = {"digits": digits, "cpu": cpu, "gpu": gpu, "captions": captions}


def recipe_for(source: str | None, pairs: bool = True) -> Recipe:
    """The default recipe of some data: `digits` for the digits, `captions` for image–text pairs, else `cpu`.

    Args:
        source: the data.
        pairs: whether to check for image–text pairs; otherwise the data are taken as images.
    """
    if source in (None, "digits"):
        return digits()
    if pairs and _are_captioned(source):
        return captions()
    return cpu()


def find_recipe(name: str, source: str | None = None, pairs: bool = True) -> Recipe:
    """The recipe of that name, in that YAML file, or returned by the function at that import path.

    A file changes the default recipe of its data: `captions` if it sets `data.captions`, one for images if it is null.

    Args:
        name: a built-in recipe, a YAML file of the values that differ, or an import path `module:function`.
        source: the data, unless the file names them.
        pairs: as in `recipe_for`.

    Raises:
        UsageError: an unknown name, an unreadable file, or a function that returns something else.
    """
    if name.lower() not in RECIPES and (Path(name).exists() or Path(name).suffix in (".yaml", ".yml")):
        return Recipe.load(name, base=_base(name, source, pairs))
    make = resolve(name, RECIPES, "recipe")
    try:
        recipe = make()
    except Exception as error:  # whatever the user's function does
        raise UsageError(f"recipe '{name}' failed: {type(error).__name__}: {error}") from error
    if not isinstance(recipe, Recipe):
        raise UsageError(f"recipe '{name}' must return an eigenview.Recipe, not {type(recipe).__name__}")
    return recipe


def _base(file: str, source: str | None, pairs: bool) -> Recipe:
    """The recipe that a file changes, chosen by its `data.captions`, else by the data that it or the user names."""
    try:
        tree = read_yaml(Path(file).read_text(), file)
    except (OSError, UnicodeDecodeError):
        tree = None
    data = tree.get("data") if isinstance(tree, dict) else None
    data = data if isinstance(data, dict) else {}
    if data.get("captions") is not None:
        return captions()
    return recipe_for(source or data.get("train"), pairs and "captions" not in data)


def _are_captioned(source: str) -> bool:
    from eigenview.data import are_captioned  # reads Parquet, which --help does not need

    return are_captioned(source)
