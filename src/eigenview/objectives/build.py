"""An objective from its name."""

import inspect
from collections.abc import Mapping
from typing import Any

from eigenview import objectives
from eigenview._errors import UsageError
from eigenview._names import build, resolve
from eigenview.objectives.base import Objective


def build_objective(name: str, options: Mapping[str, Any], D: int | None = None) -> Objective:
    """The objective that a recipe names.

    Args:
        name: a built-in's class name in any case (`mmcr`), or an import path `module:Class`.
        options: what its constructor takes.
        D: dimensions of the embeddings, for an objective whose constructor takes a `D` that `options` leave out.

    Raises:
        UsageError: no such objective or option, or a value that it refuses.
    """
    builtins = _builtins()
    takes = inspect.signature(resolve(name, builtins, "objective")).parameters
    given = {"D": D, **options} if D is not None and "D" in takes else options
    objective = build(name, given, builtins, "objective")
    if not isinstance(objective, Objective):
        raise UsageError(
            f"objective '{name}' makes a {type(objective).__name__}, not an eigenview.objectives.Objective"
        )
    return objective


def _builtins() -> dict[str, type[Objective]]:
    public = {key: getattr(objectives, key) for key in dir(objectives)}
    classes = {key: found for key, found in public.items() if isinstance(found, type)}
    return {
        key: found for key, found in classes.items() if issubclass(found, Objective) and not inspect.isabstract(found)
    }
