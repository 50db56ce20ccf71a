"""From a recipe and its images to what training needs: settled sizes, batches, the captions' vocabulary."""

from dataclasses import replace
from functools import partial

from eigenview.config import Recipe
from eigenview.data import Images, TrainingBatches, native_view_size
from eigenview.nets import Vocabulary, choose_device
from eigenview.runs import Run
from eigenview.training.fabric import choose_precision
from eigenview.views import crop_photo


def settle_recipe(recipe: Recipe, images: Images) -> Recipe:
    """The recipe with view size and precision filled in, so that a run resumes alike on any machine."""
    size = recipe.data.size or native_view_size(images)
    t = recipe.training
    precision = choose_precision(t.precision, choose_device(t.device))
    return replace(recipe, data=replace(recipe.data, size=size), training=replace(t, precision=precision))


def build_batches(recipe: Recipe, images: Images) -> TrainingBatches:
    """The batches of a settled recipe: whole images where all have one size, else K crops of each, made in workers."""
    t, v = recipe.training, recipe.views
    assert recipe.data.size is not None
    crop = partial(crop_photo, policy=v.policy, size=recipe.data.size, views=v.K)
    return TrainingBatches(images, t.P, t.seed, crop=crop, workers=recipe.data.workers)


def build_vocabulary(recipe: Recipe, images: Images, run: Run) -> Vocabulary | None:
    """The vocabulary of the training captions, which is the run's own if it has one; None without captions."""
    if images.captions is None:
        return None
    if run.vocabulary_file.exists():
        return Vocabulary.load(run.vocabulary_file)
    texts = (text for said in images.captions for text in said)
    return Vocabulary.of(texts, recipe.text.vocabulary, recipe.text.context)
