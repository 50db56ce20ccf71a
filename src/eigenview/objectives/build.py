"""An objective from its name."""

from collections.abc import Mapping
from typing import Any

from eigenview import objectives
from eigenview._errors import UsageError
from eigenview._names import build
from eigenview.objectives.base import Objective


def build_objective(name: str, options: Mapping[str, Any]) -> Objective:
    """The objective that a recipe names.

    Args:
        name: a built-in's class name in any case (`mmcr`), or an import path `module:Class`.
        options: what its constructor takes.

    Raises:
        UsageError: no such objective or option, or a value that it refuses.
    """
    public = {key: getattr(objectives, key) for key in dir(objectives)}
    classes = {key: found for key, found in public.items() if isinstance(found, type)}
    builtins = {key: found for key, found in classes.items() if issubclass(found, Objective) and found is not Objective}
    objective = build(name, options, builtins, "objective")
    if not isinstance(objective, Objective):
        raise UsageError(
            f"objective '{name}' makes a {type(objective).__name__}, not an eigenview.objectives.Objective"
        )
    return objective
