"""What the model takes: the views of a batch, or its images and token ids."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.config import Recipe
from eigenview.data import TrainingBatch
from eigenview.nets import Vocabulary
from eigenview.views import augment, augment_cropped


class ModelInputs:
    """Turns batches into the inputs of a recipe's model, on its device.

    Args:
        recipe: says how views are augmented; its `data.size` must be set.
        device: where the inputs go.
        vocabulary: the tokenizer of the captions, where the recipe trains on image–text pairs.
    """

    def __init__(self, recipe: Recipe, device: torch.device, vocabulary: Vocabulary | None = None) -> None:
        assert recipe.data.size is not None
        self._seed, self._augmentation, self._size = recipe.training.seed, recipe.views, recipe.data.size
        self._device, self._vocabulary = device, vocabulary

    def __call__(self, batch: TrainingBatch) -> tuple[Tensor, ...]:
        """Views `Float[K, P, 3, S, S]`; on image–text pairs, images `Float[P, 3, S, S]` and token ids `Int[P, T]`."""
        return self.with_texts(self.views(batch), batch.captions)

    def views(self, batch: TrainingBatch) -> Float[Tensor, "K P 3 S S"]:
        """The augmented views of a batch: a function of the seed and the step alone."""
        seed = np.random.SeedSequence([self._seed, batch.step]).generate_state(1, np.uint64)[0]
        generator = torch.Generator(self._device).manual_seed(int(seed >> np.uint64(1)))
        images, v = batch.images.to(self._device, non_blocking=True), self._augmentation
        if batch.cropped:
            return augment_cropped(images, v.policy, generator)
        return augment(images, v.policy, v.K, generator, self._size)

    def with_texts(self, views: Float[Tensor, "K P 3 S S"], texts: tuple[str, ...] | None) -> tuple[Tensor, ...]:
        """The model's inputs from views that are already augmented.

        Args:
            views: the views; on image–text pairs only the first is used.
            texts: a text for each sample, on image–text pairs.
        """
        if self._vocabulary is None:
            return (views,)
        assert texts is not None
        return views[0], self._vocabulary.encode(texts).to(self._device)
