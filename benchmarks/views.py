"""Time to draw views: ours, torchvision's per-image pipeline, and kornia's batched one, in one run.

Usage: python benchmarks/views.py [--write]

The work is the policy `large` on 256 RGB images of 32×32, two views each, from uint8 to float in [0, 1]. The three take
turns, so that other work on the machine falls on all of them alike, and the median over rounds of the ratio of their
times counts. Where torchvision cannot be imported, its pipeline is made here of the calls to PIL, NumPy and torch that
it makes; it runs in one process, as within one worker of a DataLoader, while the batched ones use all threads. kornia
is compared where it is installed.
"""

import importlib.metadata
import math
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import torch
from PIL import Image, ImageEnhance
from torch import Tensor

import published
from eigenview.views import POLICIES, augment

SAMPLES, VIEWS, SIZE, ROUNDS = 256, 2, 32, 30
PACKAGES = ("torch", "kornia", "pillow", "torchvision")
POLICY = POLICIES["large"]
Pipeline = Callable[[Tensor], Tensor]


def ours() -> Pipeline:
    generator = torch.Generator().manual_seed(0)
    return lambda images: augment(images, POLICY, VIEWS, generator)


def per_image() -> tuple[str, Pipeline]:
    """The transforms of torchvision, or a copy of what they do, image by image as a Dataset calls them."""
    try:
        from torchvision import transforms  # pyright: ignore[reportMissingImports]
    except (ImportError, RuntimeError):
        name, view = "per-image PIL (as torchvision)", pil_view
    else:
        name = "torchvision, per image"
        jitter = transforms.ColorJitter(POLICY.brightness, POLICY.contrast, POLICY.saturation, POLICY.hue)
        view = transforms.Compose(
            [
                transforms.RandomResizedCrop(SIZE, POLICY.crop, POLICY.ratio),
                transforms.RandomHorizontalFlip(POLICY.flip),
                transforms.RandomApply([jitter], POLICY.jitter),
                transforms.RandomGrayscale(POLICY.grey),
                transforms.ToTensor(),
            ]
        )

    def draw(images: Tensor) -> Tensor:
        pictures = [Image.fromarray(pixels) for pixels in images.permute(0, 2, 3, 1).numpy()]
        return torch.stack([torch.stack([view(picture) for picture in pictures]) for _ in range(VIEWS)])

    return name, draw


def pil_view(picture: Image.Image) -> Tensor:
    """One view by the calls of torchvision's RandomResizedCrop, flip, ColorJitter, RandomGrayscale and ToTensor."""
    picture = picture.crop(pil_box(*picture.size)).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    if torch.rand(1) < POLICY.flip:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if torch.rand(1) < POLICY.jitter:
        enhance = [
            (ImageEnhance.Brightness, uniform(1 - POLICY.brightness, 1 + POLICY.brightness)),
            (ImageEnhance.Contrast, uniform(1 - POLICY.contrast, 1 + POLICY.contrast)),
            (ImageEnhance.Color, uniform(1 - POLICY.saturation, 1 + POLICY.saturation)),
        ]
        turn = uniform(-POLICY.hue, POLICY.hue)
        for i in torch.randperm(4).tolist():
            picture = pil_hue(picture, turn) if i == 3 else enhance[i][0](picture).enhance(enhance[i][1])
    if torch.rand(1) < POLICY.grey:
        grey = np.array(picture.convert("L"), dtype=np.uint8)
        picture = Image.fromarray(np.dstack([grey, grey, grey]))
    pixels = torch.from_numpy(np.array(picture, copy=True)).permute(2, 0, 1).contiguous()
    return pixels.to(torch.get_default_dtype()).div(255)


def pil_box(width: int, height: int) -> tuple[int, int, int, int]:
    for _ in range(10):
        area = width * height * uniform(*POLICY.crop)
        low, high = torch.log(torch.tensor(POLICY.ratio)).tolist()
        ratio = math.exp(uniform(low, high))
        wide, tall = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < wide <= width and 0 < tall <= height:
            top = int(torch.randint(0, height - tall + 1, (1,)))
            left = int(torch.randint(0, width - wide + 1, (1,)))
            return left, top, left + wide, top + tall
    return 0, 0, width, height


def pil_hue(picture: Image.Image, turn: float) -> Image.Image:
    hue, saturation, value = picture.convert("HSV").split()
    turned = np.array(hue, dtype=np.uint8) + np.int32(turn * 255).astype(np.uint8)
    return Image.merge("HSV", (Image.fromarray(turned), saturation, value)).convert("RGB")


def uniform(low: float, high: float) -> float:
    return float(torch.empty(1).uniform_(low, high))


def with_kornia() -> Pipeline | None:
    try:
        K = importlib.import_module("kornia.augmentation")  # installed by hand: the project does not need it
    except ImportError:
        return None

    pipeline = K.AugmentationSequential(
        K.RandomResizedCrop((SIZE, SIZE), POLICY.crop, POLICY.ratio),
        K.RandomHorizontalFlip(p=POLICY.flip),
        K.ColorJitter(POLICY.brightness, POLICY.contrast, POLICY.saturation, POLICY.hue, p=POLICY.jitter),
        K.RandomGrayscale(p=POLICY.grey),
    )
    return lambda images: pipeline(images.repeat(VIEWS, 1, 1, 1).float().div_(255.0)).unflatten(0, (VIEWS, -1))


def pictures() -> Tensor:
    """Smooth coloured images, so that interpolation, contrast and hue do what they do to photographs."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(SAMPLES, 3, 6, 6, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, size=(SIZE, SIZE), mode="bicubic").clamp(0.0, 1.0)
    return (255.0 * smooth).round().to(torch.uint8)


def seconds(pipeline: Pipeline, images: Tensor) -> float:
    start = time.perf_counter()
    pipeline(images)
    return time.perf_counter() - start


def table() -> str:
    images = pictures()
    name, reference = per_image()
    pipelines = {"eigenview": ours(), name: reference}
    if (kornia := with_kornia()) is not None:
        pipelines["kornia"] = kornia
    statistics = {}
    for label, pipeline in pipelines.items():
        views = torch.cat([pipeline(images) for _ in range(8)])
        statistics[label] = (views.mean().item(), views.std().item(), views.std((2, 3, 4)).mean().item())
    rounds = [{label: seconds(p, images) for label, p in pipelines.items()} for _ in range(ROUNDS)]
    lines = [
        "| pipeline | ms per batch | views/s | time against ours | mean | std | std within a view |",
        "|---|---|---|---|---|---|---|",
    ]
    for label in pipelines:
        taken = median(r[label] for r in rounds)
        ratio = median(r[label] / r["eigenview"] for r in rounds)
        numbers = " | ".join(f"{number:.3f}" for number in statistics[label])
        lines.append(f"| {label} | {1e3 * taken:.1f} | {SAMPLES * VIEWS / taken:,.0f} | {ratio:.1f} × | {numbers} |")
    return "\n".join(lines)


def main() -> None:
    parser = published.parser(__doc__, __file__)
    arguments = parser.parse_args()
    text = f"""# Sampling views

The policy `large` on {SAMPLES} RGB images of {SIZE}×{SIZE}, {VIEWS} views each: medians of {ROUNDS} rounds in which the
pipelines take turns (`python benchmarks/views.py --write`). "Time against ours" is the median of the ratios within
rounds; mean and standard deviation are those of the views, over eight batches.

{table()}

{published.made_with(*PACKAGES)}
"""
    published.publish(text, __file__, arguments.write)


if __name__ == "__main__":
    main()
