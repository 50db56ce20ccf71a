"""What two towers are worth, once training is over: whether images and texts find each other."""

import numpy as np
import torch
from jaxtyping import Float, Int64
from rich.console import Console
from torch import Tensor

from eigenview._errors import UsageError
from eigenview.data import Images, batches_of, distinct_texts
from eigenview.measures import label_zero_shot, retrieval
from eigenview.runs import MetricsWriter, Towers
from eigenview.training.learner import Learner

MOST_PAIRS = 5_000
AT_ONCE = 256


def probe_pairs(
    learner: Learner, images: Images, test: Images | None, metrics: MetricsWriter, console: Console
) -> None:
    """Retrieval both ways and, where there are labels, zero-shot classification by prompts made of classes' names.

    At most 5,000 pairs are used, drawn at random. Equal captions, but for their case, are one text; an image has found
    its text if it found any of its captions. Without test pairs those of training are used, and the metrics say so.

    Args:
        learner: its towers are probed.
        images: with the captions that it was trained on.
        test: with those that it was not.
        metrics: gets a line for each probe.
        console: where to say what goes on.
    """
    pairs, step = images if test is None else test, learner.steps
    console.print("probing retrieval", highlight=False)
    learner.model.eval()
    towers = learner.towers
    chosen = np.sort(np.random.default_rng(0).permutation(len(pairs))[:MOST_PAIRS])
    x = _of_images(towers, pairs, chosen)
    assert pairs.captions is not None
    texts, whose = distinct_texts([pairs.captions[i] for i in chosen.tolist()])
    matches = torch.from_numpy(whose)
    y = _of_texts(towers, texts)
    known = {"step": step, "input": "embeddings", "images": len(x), "trained_on": test is None}
    for probe, found in {
        "image to text": retrieval(x, y, matches),
        "text to image": retrieval(y, x, matches.T),
    }.items():
        metrics.write(
            "probe", probe=probe, **known, texts=len(y), recall=_named(found.recall), chance=_named(found.chance)
        )
    if pairs.labels is not None and pairs.class_names is not None and len(pairs.class_names) > 1:
        prompts = [learner.recipe.text.prompt.replace("{}", name) for name in pairs.class_names]
        shot = label_zero_shot(x, _of_texts(towers, prompts), torch.from_numpy(pairs.labels[chosen]))
        metrics.write(
            "probe",
            probe="zero-shot",
            **known,
            classes=len(prompts),
            prompt=learner.recipe.text.prompt,
            accuracy=shot.accuracy,
            chance=shot.chance,
            majority=shot.majority,
        )


def _named(shares: dict[int, float]) -> dict[str, float]:
    return {f"R@{k}": share for k, share in shares.items()}


def _of_images(towers: Towers, images: Images, chosen: Int64[np.ndarray, "N"]) -> Float[Tensor, "N D"]:
    return _finite([towers.images(batch).cpu() for _, batch in batches_of(images, towers.size, AT_ONCE, chosen)])


def _of_texts(towers: Towers, texts: list[str]) -> Float[Tensor, "T D"]:
    return _finite([towers.texts(texts[i : i + AT_ONCE]).cpu() for i in range(0, len(texts), AT_ONCE)])


def _finite(parts: list[Tensor]) -> Tensor:
    if not all(bool(torch.isfinite(part).all()) for part in parts):
        raise UsageError("embeddings are not finite, so there is nothing to probe: see the run's alarms")
    return torch.cat(parts)
