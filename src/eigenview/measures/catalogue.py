"""The measures that this package declares, from which `Monitor` and `eigenview inspect` choose."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Literal, get_args

from eigenview import measures
from eigenview.measures.spec import Group, MeasureSpec, declared_spec

_SKIPPED = ("catalogue", "panel", "label_")  # the first two use the catalogue; measures of labels are not in it


def _declared() -> Iterator[MeasureSpec]:
    """The specs that the modules of this package declare."""
    for found in pkgutil.iter_modules(measures.__path__):
        if found.name.startswith(_SKIPPED):
            continue
        module = importlib.import_module(f"{measures.__name__}.{found.name}")
        for value in vars(module).values():
            spec = declared_spec(value)
            if spec is not None and spec.function.__module__ == module.__name__:  # not one that it only imports
                yield spec


def _place(spec: MeasureSpec) -> tuple[int, bool, str]:
    return get_args(Group).index(spec.group), not spec.essential, spec.name


CATALOGUE: tuple[MeasureSpec, ...] = tuple(sorted(_declared(), key=_place))
"""All measures, in the order of tables: by group, the essential ones first."""

ESSENTIAL: tuple[str, ...] = tuple(spec.name for spec in CATALOGUE if spec.essential)
"""The few that a table shows by default: how many directions, how uniform, how invariant, and both."""

RECOMMENDED: dict[tuple[str, str], Literal["high", "low"]] = {
    ("cluster_learnability", "features"): "low",
    ("nearest_negative_distance", "features"): "high",
    ("local_dimension", "features"): "high",
}
"""By which measure, of features or embeddings, several runs are ranked, and which end went with accuracy."""

WHY_RECOMMENDED = "over 36 small CIFAR-10 runs these correlated best with a linear probe (benchmarks/label_free.md)"
"""The reason, in one line."""
