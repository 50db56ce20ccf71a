"""A recipe: the only thing that describes a run."""

import dataclasses
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from eigenview._errors import UsageError
from eigenview.config.parse import from_mapping
from eigenview.config.yaml import read_yaml, write_yaml
from eigenview.views.policy import ViewPolicy

Plain = int | float | bool | str
Options = dict[str, Plain | list[Plain] | dict[str, Plain]]
"""A component's options: plain values, lists of them, or the name and options of a part of it."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise UsageError(message)


@dataclass(frozen=True)
class DataRecipe:
    """Where images come from."""

    train: str = "digits"
    """`digits`, a folder of images, Parquet files, tar shards, or `hf:NAME`."""
    test: str | None = None
    """Images that only probes see; by default the data's own test split, if it has one."""
    captions: str | None = None
    """Column of captions, or `auto` for one that is called so: trains on image–text pairs; None is images alone."""
    label: str | None = None
    """Column of labels, which only probes see; by default one that looks like it."""
    size: int | None = None
    """Side of a view in pixels; where none is given, the images' own if they share one of at most 64, else 64."""
    workers: int = 2
    """Processes that decode and crop images of mixed sizes."""

    def __post_init__(self) -> None:
        _require(self.size is None or self.size >= 4, f"data.size must be at least 4 pixels, not {self.size}")
        _require(self.workers >= 0, f"data.workers must be 0 or more, not {self.workers}")


@dataclass(frozen=True)
class ViewsRecipe:
    """How an image becomes views."""

    K: int = 2
    """Views of each sample."""
    policy: ViewPolicy = field(default_factory=ViewPolicy)
    """What is drawn for each view."""

    def __post_init__(self) -> None:
        _require(self.K >= 1, f"views.K must be at least 1, not {self.K}")


@dataclass(frozen=True)
class EncoderRecipe:
    """The net that gives features."""

    name: str = "convnet"
    """`convnet`, `resnet18`, `resnet34`, `resnet50`, `timm:NAME`, or an import path `module:Class`."""
    options: Options = field(default_factory=dict)
    """What its constructor takes, such as `width=32 stem=small`."""

    @staticmethod
    def from_name(name: str) -> "EncoderRecipe":
        """In YAML, `encoder: resnet18` is short for a name without options."""
        return EncoderRecipe(name)


@dataclass(frozen=True)
class ProjectorRecipe:
    """The net from features to embeddings."""

    D: int = 128
    """Dimensions of the embeddings; 0 is no projector at all."""
    hidden: tuple[int, ...] = (512,)
    """Widths of the hidden layers; none is a linear projector."""
    batch_norm: bool = True
    """Batch norm after each hidden layer."""

    def __post_init__(self) -> None:
        _require(self.D >= 0, f"projector.D must be 0 or more, not {self.D}")
        _require(all(w >= 1 for w in self.hidden), f"projector.hidden must be positive widths, not {self.hidden}")


@dataclass(frozen=True)
class TextRecipe:
    """The net that reads captions, where there are any; a linear map takes what it says to embeddings."""

    vocabulary: int = 2000
    """Pieces that texts are made of, at most; found in the training captions."""
    context: int = 32
    """Pieces that a text may have; longer ones are cut."""
    width: int = 128
    """Features of a text."""
    depth: int = 2
    """Blocks of the transformer."""
    heads: int = 4
    """Of attention, which share the width."""
    prompt: str = "a photo of a {}"
    """What zero-shot classification makes of a class's name, `{}`."""

    def __post_init__(self) -> None:
        _require(self.vocabulary >= 259, f"text.vocabulary must be at least 259 (every byte), not {self.vocabulary}")
        _require(self.context >= 3, f"text.context must be at least 3, not {self.context}")
        for name in ("width", "depth", "heads"):
            _require(getattr(self, name) >= 1, f"text.{name} must be at least 1, not {getattr(self, name)}")
        _require(
            self.width % self.heads == 0, f"text.heads must share text.width evenly, not {self.heads} of {self.width}"
        )
        _require(self.prompt.count("{}") == 1, f"text.prompt must have one {{}} for a name, not '{self.prompt}'")


@dataclass(frozen=True)
class ObjectiveRecipe:
    """What training minimises."""

    name: str = "MMCR"
    """Contrastive: `InfoNCE`, `SimCLR`, `DecoupledInfoNCE`, `BetaInfoNCE`, `WeightedInfoNCE`, `CLIP`,
    `SpectralContrastive`, `TraceContrastive`; by what embeddings are together: `MMCR`, `VICReg`, `BarlowTwins`,
    `InvarianceEntropy`, `SIGReg`; with a predictor: `BYOL`, `SimSiam`; alignment alone: `TraceAlignment`; or an import
    path `module:Class`."""
    options: Options = field(default_factory=dict)
    """What its constructor takes, such as `temperature=0.2`, `hidden=[512]` or `estimator={name: LogDet, beta: 0.1}`.
    """

    @staticmethod
    def from_name(name: str) -> "ObjectiveRecipe":
        """In YAML, `objective: InfoNCE` is short for a name without options."""
        return ObjectiveRecipe(name)


Component = TypeVar("Component", EncoderRecipe, ObjectiveRecipe)


def on_top_of(base: Component, component: Component) -> Component:
    """A component changed from a base: it keeps the base's options where it names none, unless its name is another."""
    if component.name.lower() == base.name.lower():
        return replace(component, options={**base.options, **component.options})
    return replace(component, options={} if component.options == base.options else component.options)


@dataclass(frozen=True)
class TeacherRecipe:
    """Whose embeddings an objective compares with, if it compares with a teacher's: by default the model's own."""

    momentum: float | None = None
    """Of a teacher that is a moving average of the model; at the first step, from where it rises to 1 as a cosine."""

    def __post_init__(self) -> None:
        momentum = self.momentum
        _require(momentum is None or 0 <= momentum <= 1, f"teacher.momentum must be in [0, 1], not {momentum}")


@dataclass(frozen=True)
class OptimizerRecipe:
    """How weights move."""

    name: Literal["sgd", "adam", "adamw", "lars"] = "sgd"
    """The rule. Biases and norms are left out of weight decay, and of LARS's adaptation."""
    lr: float = 0.1
    """Peak learning rate, as it is: never rescaled by the batch."""
    momentum: float = 0.9
    """Of SGD and LARS."""
    weight_decay: float = 1e-4
    """Of weights with at least two dimensions."""
    warmup: float = 0.05
    """Share of the steps over which the rate rises to its peak, before it falls as a cosine."""
    clip: float | None = None
    """Largest norm of the gradient."""

    def __post_init__(self) -> None:
        _require(0 < self.lr < math.inf, f"optimizer.lr must be a positive number, not {self.lr}")
        _require(0 <= self.momentum < 1, f"optimizer.momentum must be in [0, 1), not {self.momentum}")
        _require(
            0 <= self.weight_decay < math.inf, f"optimizer.weight_decay must be 0 or more, not {self.weight_decay}"
        )
        _require(0 <= self.warmup <= 1, f"optimizer.warmup is a share of the steps in [0, 1], not {self.warmup}")
        _require(self.clip is None or self.clip > 0, f"optimizer.clip must be positive, not {self.clip}")


@dataclass(frozen=True)
class TrainingRecipe:
    """How long, how much at once, on what."""

    P: int = 256
    """Samples in a batch."""
    steps: int = 600
    """Updates in all."""
    epochs: float | None = None
    """Passes over the data, to count by these instead of `steps`."""
    seed: int = 0
    """Of everything that is drawn."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to compute."""
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
    """`auto` is bf16-mixed where the hardware computes it, else 32-true."""
    compile: bool = False
    """Compile the model with torch.compile: slower to start, faster to step."""
    measure_every: int = 25
    """Steps between measurements."""
    checkpoint_every: int = 200
    """Steps between checkpoints."""
    checkpoints_kept: int = 2
    """How many of the newest checkpoints are kept."""

    def __post_init__(self) -> None:
        _require(self.P >= 1, f"training.P must be at least 1, not {self.P}")
        _require(self.steps >= 1, f"training.steps must be at least 1, not {self.steps}")
        _require(
            self.epochs is None or 0 < self.epochs < math.inf, f"training.epochs must be positive, not {self.epochs}"
        )
        _require(0 <= self.seed < 2**63, f"training.seed must be from 0 to 2⁶³ − 1, not {self.seed}")
        for name in ("measure_every", "checkpoint_every", "checkpoints_kept"):
            _require(getattr(self, name) >= 1, f"training.{name} must be at least 1, not {getattr(self, name)}")


@dataclass(frozen=True)
class Recipe:
    """All that describes a run; it round-trips through YAML and is stored with the run."""

    data: DataRecipe = field(default_factory=DataRecipe)
    views: ViewsRecipe = field(default_factory=ViewsRecipe)
    encoder: EncoderRecipe = field(default_factory=EncoderRecipe)
    projector: ProjectorRecipe = field(default_factory=ProjectorRecipe)
    text: TextRecipe = field(default_factory=TextRecipe)
    objective: ObjectiveRecipe = field(default_factory=ObjectiveRecipe)
    teacher: TeacherRecipe = field(default_factory=TeacherRecipe)
    optimizer: OptimizerRecipe = field(default_factory=OptimizerRecipe)
    training: TrainingRecipe = field(default_factory=TrainingRecipe)

    def check_pairs(self) -> None:
        """Makes sure that what is said of views, embeddings and teachers goes with captions, if there are any.

        Raises:
            UsageError: it does not.
        """
        if not self.of_pairs:
            return
        alone = "leave out data.captions to train on images alone"
        _require(self.views.K == 1, f"a caption goes with one view: views.K must be 1, not {self.views.K}; or {alone}")
        _require(self.projector.D > 0, f"towers meet behind their projectors: projector.D must not be 0; or {alone}")
        _require(self.teacher.momentum is None, f"two towers have no teacher: leave out teacher.momentum; or {alone}")

    @property
    def of_pairs(self) -> bool:
        """Whether it trains on image–text pairs, and not on images alone."""
        return self.data.captions is not None

    def to_yaml(self) -> str:
        """The recipe as YAML text that `from_yaml` reads back to an equal recipe."""
        return write_yaml(_plain(dataclasses.asdict(self)))

    @staticmethod
    def from_yaml(text: str, source: str = "recipe", base: "Recipe | None" = None) -> "Recipe":
        """Reads a recipe; what the text leaves out is as in `base`, or keeps its default.

        Args:
            text: YAML.
            source: what to call the text in an error.
            base: what the text is on top of.

        Raises:
            UsageError: not YAML, a wrong key, a wrong type or a value out of range.
        """
        tree = read_yaml(text, source)
        try:
            return from_mapping(Recipe, {} if tree is None else tree, base=base)
        except UsageError as error:
            raise UsageError(f"{source}: {error}") from error

    @staticmethod
    def load(path: str | Path, base: "Recipe | None" = None) -> "Recipe":
        """Reads a recipe from a YAML file, as `from_yaml` does.

        Raises:
            UsageError: no such file, or not a recipe.
        """
        try:
            text = Path(path).read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read the recipe {path}: {error}") from error
        return Recipe.from_yaml(text, source=str(path), base=base)


def _plain(value: Any) -> Any:
    """Tuples as lists, which is what YAML can say."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
