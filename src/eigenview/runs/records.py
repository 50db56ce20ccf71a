"""The lines of `metrics.jsonl` as typed records: one class for each kind of line.

In a record, None stands for a number that was not measured or was not finite. On disk the former is left out and the
latter is null, since JSON has no NaN.
"""

from dataclasses import dataclass, field
from math import nan
from typing import Any, Literal

VERSION = 1
"""Version of the format, which each start line names; a file of a newer version is refused."""

_LAST_TIME = 253_402_300_799  # the last second of the year 9999, which dates end with

Value = float | dict[str, float | None] | None
"""What a measure gives: a number or several named ones; None where there is none."""


@dataclass(frozen=True)
class DataRecord:
    """The data that a run was trained on.

    Args:
        source: as the user named it.
        train: number of training images.
        test: number of test images.
        skipped: files that were skipped.
        classes: number of classes, where there are labels.
        size: height and width of the images in pixels, where they share one.
        view: height and width of a view in pixels.
        captions: number of captions.
        vocabulary: number of tokens in the captions' vocabulary.
    """

    source: str
    train: int
    test: int | None = None
    skipped: int = 0
    classes: int | None = None
    size: tuple[int, int] | None = None
    view: int | None = None
    captions: int | None = None
    vocabulary: int | None = None


@dataclass(frozen=True)
class LossLevels:
    """The objective's `Reference` when training began: its loss at collapse, for uniform embeddings, and at best."""

    collapsed: float | None = None
    uniform: float | None = None
    best: float | None = None


@dataclass(frozen=True)
class StartRecord:
    """What was known when training began or was resumed.

    Args:
        time: Unix time in seconds.
        versions: of packages, by name.
        device: type of the device, such as `cuda`.
        resumed_from: steps made before.
        version: of this format.
        hardware: the processor or accelerator in words.
        precision: as Lightning Fabric names it.
        parameters: number of parameters of each part.
        data: what it was trained on.
        objective: its name.
        K: views of each sample.
        P: batch size.
        D: dimensions of the embeddings.
        steps: updates planned.
        reference: levels that the loss is read against.
        views: for a monitor, how rows are arranged in views.
        every: for a monitor, steps between measurements.
        rows: for a monitor, most rows in a measurement.
        layers: for a monitor, names of the layers that it observes; None for a run of `eigenview train`.
    """

    time: float
    versions: dict[str, str]
    device: str
    resumed_from: int = 0
    version: int = VERSION
    hardware: str | None = None
    precision: str | None = None
    parameters: dict[str, int] = field(default_factory=dict)
    data: DataRecord | None = None
    objective: str | None = None
    K: int | None = None
    P: int | None = None
    D: int | None = None
    steps: int | None = None
    reference: LossLevels | None = None
    views: str | None = None
    every: int | None = None
    rows: int | None = None
    layers: dict[str, str] | None = None

    def __post_init__(self) -> None:
        _check(0 <= self.time <= _LAST_TIME, "time must be a Unix time in seconds")
        _check(self.version >= 1, "version must be at least 1")


@dataclass(frozen=True)
class Cosines:
    """Mean cosines of two views of one sample, and of views of different samples."""

    views: float | None
    samples: float | None


@dataclass(frozen=True)
class Origin:
    """The matrix B of the landscape at the origin of the projector's last layer.

    Args:
        growing: number of its positive eigenvalues; with none, the origin is a minimum.
        largest: its largest eigenvalue.
        between: variance of the layer's inputs between samples (a trace).
        within: variance of the inputs between views of one sample.
        decay: γ of a term γ‖W‖² in the loss.
    """

    growing: int
    largest: float | None
    between: float | None
    within: float | None
    decay: float | None


@dataclass(frozen=True)
class StepRecord:
    """One measurement while training. Keys of its mappings are `features` and `embeddings` unless said otherwise.

    Args:
        step: updates made.
        seconds: trained until then.
        epoch: passes over the data.
        images_per_s: throughput since the last measurement.
        lr: learning rate.
        loss: of the batch.
        terms: of the loss, by name.
        scale: the loss from complete collapse (0) to its bound (1).
        gradient_norm: over all parameters.
        effective_rank: of the rows.
        spread: root mean square distance of rows from their mean.
        cosine: between views.
        spectrum: singular values as shares of the largest, descending.
        origin: whether theory predicts collapse, for objectives that it covers.
        rows: number of rows that were measured.
        max_rank: dimensions that the rows could fill at most.
        missing: why a measure has no value, by measure and then by what it is of.
        logged: single numbers that the objective logs, by name, such as its `temperature`.
        measures: all other measures, by name.
    """

    step: int
    seconds: float | None = None
    epoch: float | None = None
    images_per_s: float | None = None
    lr: float | None = None
    loss: float | None = None
    terms: dict[str, float | None] = field(default_factory=dict)
    scale: float | None = None
    gradient_norm: float | None = None
    effective_rank: dict[str, float | None] = field(default_factory=dict)
    spread: dict[str, float | None] = field(default_factory=dict)
    cosine: dict[str, Cosines] = field(default_factory=dict)
    spectrum: dict[str, list[float | None]] = field(default_factory=dict)
    origin: Origin | None = None
    rows: dict[str, int] = field(default_factory=dict)
    max_rank: dict[str, int] = field(default_factory=dict)
    missing: dict[str, dict[str, str]] = field(default_factory=dict)
    logged: dict[str, float | None] = field(default_factory=dict)
    measures: dict[str, dict[str, Value]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self.step >= 0, "step must not be negative")

    def value(self, name: str, of: str | None = None) -> float:
        """The number called `name`, or that of `of` in the mapping called `name`; NaN if there is none."""
        value: Any = self.measures.get(name, self.logged.get(name, getattr(self, name, None)))
        if of is not None:
            value = value.get(of) if isinstance(value, dict) else None
        return float(value) if isinstance(value, int | float) else nan


@dataclass(frozen=True)
class AlarmRecord:
    """An alarm that was raised at a step; the other fields are those of `eigenview.alarms.Alarm`."""

    step: int
    name: str
    evidence: str
    advice: str


@dataclass(frozen=True)
class ProbeRecord:
    """The accuracy of one probe.

    Args:
        step: updates made.
        input: what it was fitted to.
        probe: its name.
        accuracy: on held-out images, 0 to 1.
        spread: standard deviation over draws of labelled images.
        draws: number of such draws.
        known: images it was fitted to.
        held_out: images that its accuracy is of.
        held_out_trained_on: whether the encoder was trained on those, without their labels.
    """

    step: int
    input: Literal["pixels", "features"]
    probe: str
    accuracy: float
    spread: float | None = None
    draws: int | None = None
    known: int | None = None
    held_out: int | None = None
    held_out_trained_on: bool = False

    def __post_init__(self) -> None:
        _check(0 <= self.accuracy <= 1, "accuracy must be between 0 and 1")
        _check((self.draws or 0) >= 0 and (self.held_out or 0) >= 0, "draws and held_out must not be negative")


@dataclass(frozen=True)
class RetrievalRecord:
    """How often a query's match is among its nearest neighbours in the other modality.

    Args:
        step: updates made.
        direction: from query to candidates.
        images: number of images.
        texts: number of texts.
        recall: shares of queries whose match was found, 0 to 1, by the names `R@k`.
        chance: the same for random embeddings.
        trained_on: whether the pairs were trained on.
    """

    step: int
    direction: Literal["image to text", "text to image"]
    images: int
    texts: int
    recall: dict[str, float]
    chance: dict[str, float]
    trained_on: bool = False

    def __post_init__(self) -> None:
        _check(bool(self.recall) and self.recall.keys() == self.chance.keys(), "recall and chance must have equal keys")
        _check(all(value > 0 for value in self.chance.values()), "chance must be positive")


@dataclass(frozen=True)
class ZeroShotRecord:
    """Zero-shot classification by prompts made of class names.

    Args:
        step: updates made.
        images: number of images.
        classes: number of classes.
        prompt: with `{}` for a class name.
        accuracy: share of images whose class was found, 0 to 1.
        chance: accuracy of a random class.
        majority: accuracy of the most frequent class.
        trained_on: whether the images were trained on.
    """

    step: int
    images: int
    classes: int
    prompt: str
    accuracy: float
    chance: float
    majority: float
    trained_on: bool = False


@dataclass(frozen=True)
class EndRecord:
    """How training ended: after how many steps and seconds, and whether `finished`, `interrupted` or why else."""

    step: int
    seconds: float
    outcome: str


Record = StartRecord | StepRecord | AlarmRecord | ProbeRecord | RetrievalRecord | ZeroShotRecord | EndRecord


def _check(holds: bool, rule: str) -> None:
    if not holds:
        raise ValueError(rule)
