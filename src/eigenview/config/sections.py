"""The sections of a recipe: data, views, encoder, projector, text, objective, teacher, optimizer and training."""

import math
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from eigenview._errors import UsageError
from eigenview.views.policy import ViewPolicy

Plain = int | float | bool | str
Options = dict[str, Plain | list[Plain] | dict[str, Plain]]
"""A component's options: plain values, lists of them, or the name and options of one of its parts."""


def require(condition: bool, message: str) -> None:
    """Raises a UsageError with `message` unless `condition` holds."""
    if not condition:
        raise UsageError(message)


@dataclass(frozen=True)
class DataRecipe:
    """Training and test data."""

    train: str = "digits"
    """Training images: `digits`, a folder, Parquet files, tar shards, `hf:NAME`, or `module:function`."""
    test: str | None = None
    """Test images, used only by the probes; default: the test split of the training data, if it has one."""
    captions: str | None = None
    """Caption column, to train on image–text pairs; `auto` detects it by its name, such as caption or txt."""
    label: str | None = None
    """Label column, used only by the probes; default: detected by its name."""
    size: int | None = None
    """View size in pixels; default: the images' own size if they share one of at most 64, else 64."""
    workers: int = 2
    """Number of processes that decode and crop images of mixed sizes."""

    def __post_init__(self) -> None:
        require(self.size is None or self.size >= 4, f"data.size must be at least 4 pixels, not {self.size}")
        require(self.workers >= 0, f"data.workers must be 0 or more, not {self.workers}")


@dataclass(frozen=True)
class ViewsRecipe:
    """The augmented views of each image."""

    K: int = 2
    """Number of views of each image."""
    policy: ViewPolicy = field(default_factory=ViewPolicy)
    """Random augmentations of a view."""

    def __post_init__(self) -> None:
        require(self.K >= 1, f"views.K must be at least 1, not {self.K}")


@dataclass(frozen=True)
class EncoderRecipe:
    """The network from images to features."""

    name: str = "convnet"
    """Encoder: `convnet`, `resnet18`, `resnet34`, `resnet50`, `timm:NAME`, or an import path `module:Class`."""
    options: Options = field(default_factory=dict)
    """Arguments of the encoder's constructor, such as `width=32 stem=small`."""

    @staticmethod
    def from_name(name: str) -> "EncoderRecipe":
        """Reads `encoder: resnet18`, which in YAML is short for a name without options."""
        return EncoderRecipe(name)


@dataclass(frozen=True)
class ProjectorRecipe:
    """The network from features to embeddings."""

    D: int = 128
    """Embedding dimension; 0 trains without a projector."""
    hidden: tuple[int, ...] = (512,)
    """Widths of the hidden layers; an empty list makes the projector linear."""
    batch_norm: bool = True
    """Apply batch norm after each hidden layer."""

    def __post_init__(self) -> None:
        require(self.D >= 0, f"projector.D must be 0 or more, not {self.D}")
        require(all(w >= 1 for w in self.hidden), f"projector.hidden must be positive widths, not {self.hidden}")


@dataclass(frozen=True)
class TextRecipe:
    """The transformer that encodes captions; used only with data.captions."""

    vocabulary: int = 2000
    """BPE vocabulary size; the vocabulary is learned from the training captions."""
    context: int = 32
    """Maximum number of tokens in a caption; longer captions are truncated."""
    width: int = 128
    """Width of the transformer."""
    depth: int = 2
    """Number of transformer blocks."""
    heads: int = 4
    """Attention heads; must divide text.width."""
    prompt: str = "a photo of a {}"
    """Prompt template for zero-shot classification; `{}` is replaced by the name of a class."""

    def __post_init__(self) -> None:
        require(self.vocabulary >= 259, f"text.vocabulary must be at least 259 (every byte), not {self.vocabulary}")
        require(self.context >= 3, f"text.context must be at least 3, not {self.context}")
        for name in ("width", "depth", "heads"):
            require(getattr(self, name) >= 1, f"text.{name} must be at least 1, not {getattr(self, name)}")
        require(self.width % self.heads == 0, f"text.heads = {self.heads} must divide text.width = {self.width}")
        require(self.prompt.count("{}") == 1, f"text.prompt must contain {{}} exactly once, not '{self.prompt}'")


@dataclass(frozen=True)
class ObjectiveRecipe:
    """The objective that training minimizes."""

    name: str = "MMCR"
    """Contrastive: `InfoNCE`, `SimCLR`, `DecoupledInfoNCE`, `BetaInfoNCE`, `WeightedInfoNCE`, `CLIP`,
    `SpectralContrastive`, `TraceContrastive`; non-contrastive: `MMCR`, `VICReg`, `BarlowTwins`, `InvarianceEntropy`,
    `SIGReg`; with a predictor: `BYOL`, `SimSiam`; alignment alone: `TraceAlignment`; or an import path `module:Class`.
    """
    options: Options = field(default_factory=dict)
    """Arguments of the objective's constructor, such as `temperature=0.2`, `hidden=[512]` or
    `estimator={name: LogDet, beta: 0.1}`."""

    @staticmethod
    def from_name(name: str) -> "ObjectiveRecipe":
        """Reads `objective: InfoNCE`, which in YAML is short for a name without options."""
        return ObjectiveRecipe(name)


Component = TypeVar("Component", EncoderRecipe, ObjectiveRecipe)


def on_top_of(base: Component, component: Component) -> Component:
    """Merges a component into a base: options that it leaves out are the base's, unless it has another name."""
    if component.name.lower() == base.name.lower():
        return replace(component, options={**base.options, **component.options})
    return replace(component, options={} if component.options == base.options else component.options)


@dataclass(frozen=True)
class TeacherRecipe:
    """The EMA teacher (momentum encoder); off by default."""

    momentum: float | None = None
    """Initial momentum of the EMA teacher, raised to 1 along a cosine; None trains without a teacher."""

    def __post_init__(self) -> None:
        momentum = self.momentum
        require(momentum is None or 0 <= momentum <= 1, f"teacher.momentum must be in [0, 1], not {momentum}")


@dataclass(frozen=True)
class OptimizerRecipe:
    """The optimizer and its learning rate schedule: linear warmup, then cosine decay to 0."""

    name: Literal["sgd", "adam", "adamw", "lars"] = "sgd"
    """Optimizer; LARS does not rescale the updates of biases and norms."""
    lr: float = 0.1
    """Peak learning rate (no batch-size scaling)."""
    momentum: float = 0.9
    """Momentum of SGD and LARS."""
    weight_decay: float = 1e-4
    """Weight decay; biases and norms are exempt."""
    warmup: float = 0.05
    """Fraction of the steps spent on linear warmup."""
    clip: float | None = None
    """Maximum norm of the gradient; None disables clipping."""

    def __post_init__(self) -> None:
        require(0 < self.lr < math.inf, f"optimizer.lr must be a positive number, not {self.lr}")
        require(0 <= self.momentum < 1, f"optimizer.momentum must be in [0, 1), not {self.momentum}")
        require(0 <= self.weight_decay < math.inf, f"optimizer.weight_decay must be 0 or more, not {self.weight_decay}")
        require(0 <= self.warmup <= 1, f"optimizer.warmup must be a fraction in [0, 1], not {self.warmup}")
        require(self.clip is None or self.clip > 0, f"optimizer.clip must be positive, not {self.clip}")


@dataclass(frozen=True)
class TrainingRecipe:
    """Training length, batch size, device."""

    P: int = 256
    """Batch size: images (or image–text pairs) per step, over all devices."""
    steps: int = 600
    """Number of optimizer steps."""
    epochs: float | None = None
    """Training length in epochs; overrides training.steps."""
    seed: int = 0
    """Random seed."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Device to train on; `auto` uses a GPU if one is available."""
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
    """Numerical precision; `auto` is bf16-mixed where the device supports it, else 32-true."""
    compile: bool = False
    """Compile the model with torch.compile: slower start, faster steps."""
    measure_every: int = 25
    """Number of steps between measurements."""
    checkpoint_every: int = 200
    """Number of steps between checkpoints."""
    checkpoints_kept: int = 2
    """Number of newest checkpoints to keep."""
    alarms: tuple[str, ...] = ()
    """Import paths `module:rule` of your own alarm rules."""

    def __post_init__(self) -> None:
        require(self.P >= 1, f"training.P must be at least 1, not {self.P}")
        require(self.steps >= 1, f"training.steps must be at least 1, not {self.steps}")
        require(
            self.epochs is None or 0 < self.epochs < math.inf, f"training.epochs must be positive, not {self.epochs}"
        )
        require(0 <= self.seed < 2**63, f"training.seed must be from 0 to 2⁶³ − 1, not {self.seed}")
        for name in ("measure_every", "checkpoint_every", "checkpoints_kept"):
            require(getattr(self, name) >= 1, f"training.{name} must be at least 1, not {getattr(self, name)}")
