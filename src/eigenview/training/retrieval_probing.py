"""Probes of two towers after training: retrieval between images and texts, and zero-shot classification."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from rich.console import Console
from torch import Tensor

from eigenview._errors import UsageError
from eigenview._progress import Tracker, track
from eigenview.data import Images, batches_of, distinct_texts
from eigenview.measures import label_zero_shot, retrieval
from eigenview.measures.retrieval import Retrieval
from eigenview.runs import MetricsWriter, RetrievalRecord, Towers, ZeroShotRecord
from eigenview.training.learner import Learner

MOST_PAIRS = 5_000
AT_ONCE = 256


def probe_pairs(
    learner: Learner, images: Images, test: Images | None, metrics: MetricsWriter, console: Console
) -> None:
    """Probes retrieval both ways and, where there are labels, zero-shot classification by prompts from class names.

    At most 5,000 pairs are used, sampled at random. Captions that differ only in case count as one text. Images that
    the tower sees as equal count as one image with the captions of all, as in a table with a row for each caption; an
    image has found its text if it found any of its captions. Without test pairs the training pairs are used, and the
    metrics say so.

    Args:
        learner: its towers are probed.
        images: the training images with their captions.
        test: test images with their captions, if there are any.
        metrics: gets a line for each probe.
        console: shows progress.
    """
    pairs, step = images if test is None else test, learner.steps
    console.print("probing retrieval", highlight=False)
    learner.model.eval()
    towers = learner.towers
    chosen = np.sort(np.random.default_rng(0).permutation(len(pairs))[:MOST_PAIRS])
    with track("embedding images for the retrieval probe", len(chosen), console) as progress:
        x, firsts = _of_images(towers, pairs, chosen, progress)
    once, texts, matches = _distinct(pairs, chosen, firsts)
    with track("embedding texts for the retrieval probe", len(texts), console) as progress:
        y = _of_texts(towers, texts, progress)
    to_text, to_image = retrieval(x[once], y, matches), retrieval(y, x[once], matches.T)
    sizes = {"images": len(once), "texts": len(y), "trained_on": test is None}
    metrics.write(RetrievalRecord(step, "image to text", **_shares(to_text), **sizes))
    metrics.write(RetrievalRecord(step, "text to image", **_shares(to_image), **sizes))
    if pairs.labels is not None and pairs.class_names is not None and len(pairs.class_names) > 1:
        prompts = prompts_of(pairs.class_names, learner.recipe.text.prompt)
        with track("embedding prompts for the zero-shot probe", len(prompts), console) as progress:
            classes = _of_texts(towers, prompts, progress)
        shot = label_zero_shot(x, classes, torch.from_numpy(pairs.labels[chosen]))
        metrics.write(
            ZeroShotRecord(
                step,
                images=len(x),
                classes=len(prompts),
                prompt=learner.recipe.text.prompt,
                accuracy=shot.accuracy,
                chance=shot.chance,
                majority=shot.majority,
                trained_on=test is None,
            )
        )


def prompts_of(classes: Sequence[str], pattern: str) -> list[str]:
    """The prompt of each class; `_` in a name is read as a space.

    Args:
        classes: names of the classes.
        pattern: the prompt with `{}` in place of a name.
    """
    return [pattern.replace("{}", name.replace("_", " ")) for name in classes]


def _shares(found: Retrieval) -> dict[str, dict[str, float]]:
    return {name: {f"R@{k}": share for k, share in shares.items()} for name, shares in asdict(found).items()}


def _distinct(
    pairs: Images, chosen: Int64[np.ndarray, "N"], firsts: Int64[np.ndarray, "N"]
) -> tuple[Int64[np.ndarray, "M"], list[str], Bool[Tensor, "M T"]]:
    """The chosen images that are the first of equal ones, the distinct texts, and which text belongs to which image."""
    assert pairs.captions is not None
    texts, whose = distinct_texts([pairs.captions[i] for i in chosen.tolist()])
    once, kinds = np.unique(firsts, return_inverse=True)
    matches = np.zeros((len(once), len(texts)), bool)
    np.logical_or.at(matches, kinds, whose)
    return once, texts, torch.from_numpy(matches)


def _of_images(
    towers: Towers, images: Images, chosen: Int64[np.ndarray, "N"], progress: Tracker
) -> tuple[Float[Tensor, "N D"], Int64[np.ndarray, "N"]]:
    """Embeddings of images, and for each image the index of the first with the same pixels."""
    parts, firsts, seen = [], [], {}
    for _, batch in batches_of(images, towers.size, AT_ONCE, chosen):
        parts.append(towers.images(batch).cpu())
        for pixels in batch.numpy():
            firsts.append(seen.setdefault(hashlib.blake2b(pixels.tobytes()).digest(), len(firsts)))
        progress.advance(len(batch))
    return _finite(parts), np.array(firsts)


def _of_texts(towers: Towers, texts: list[str], progress: Tracker) -> Float[Tensor, "T D"]:
    parts = []
    for i in range(0, len(texts), AT_ONCE):
        parts.append(towers.texts(texts[i : i + AT_ONCE]).cpu())
        progress.advance(len(parts[-1]))
    return _finite(parts)


def _finite(parts: list[Tensor]) -> Tensor:
    if not all(bool(torch.isfinite(part).all()) for part in parts):
        raise UsageError("embeddings are not finite, so there is nothing to probe: see the run's alarms")
    return torch.cat(parts)
