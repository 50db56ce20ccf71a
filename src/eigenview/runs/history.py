"""The lines of a run's metrics, sorted by what they tell."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import nan
from typing import Any

Line = dict[str, Any]

SPACES = ("features", "embeddings")


@dataclass
class History:
    """What is known of a run, in the order in which it happened.

    Attributes:
        start: the newest "start" line; empty if the run never got that far.
        began: unix time of the first start, in seconds.
        resumed: the steps that the run was resumed from.
        steps: "step" lines.
        alarms: "alarm" lines.
        probes: "probe" lines.
        end: the "end" line of the newest start; empty if the run was killed or is still going.
    """

    start: Line = field(default_factory=dict)
    began: float | None = None
    resumed: list[int] = field(default_factory=list)
    steps: list[Line] = field(default_factory=list)
    alarms: list[Line] = field(default_factory=list)
    probes: list[Line] = field(default_factory=list)
    end: Line = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Iterable[Line]) -> "History":
        """Sorts the lines of `metrics.jsonl`."""
        history = cls()
        for line in lines:
            match line.get("kind"):
                case "start":
                    history.began = history.began or line.get("time")
                    # Every start says where it began; only those after the first went on from there.
                    history.resumed += [line["resumed_from"]] if history.start and "resumed_from" in line else []
                    history.start, history.end = line, {}
                case "step" if line.get("step") is not None:
                    history.steps.append(line)
                case "alarm":
                    history.alarms.append(line)
                case "probe":
                    history.probes.append(line)
                case "end":
                    history.end = line
        return history

    @property
    def last(self) -> Line:
        """The newest "step" line, or an empty one."""
        return self.steps[-1] if self.steps else {}

    @property
    def monitored(self) -> bool:
        """Whether a `Monitor` wrote this, in somebody's own loop."""
        return "layers" in self.start

    @property
    def measures(self) -> list[str]:
        """What was measured of features and embeddings, by single numbers, besides what has a figure of its own."""
        groups = {
            name: group
            for line in self.steps
            for name, group in line.items()
            if isinstance(group, dict) and any(isinstance(group.get(of), int | float) for of in SPACES)
        }
        return [name for name in groups if name not in ("effective_rank", "rows", "rooms")]

    def curve(self, *path: str) -> tuple[list[int], list[float]]:
        """Steps and values of what stands at `path` in the "step" lines; NaN where it is null."""
        found = [(line["step"], value_at(line, *path)) for line in self.steps if path[0] in line]
        return [step for step, _ in found], [value for _, value in found]

    def names(self, group: str) -> list[str]:
        """The keys that ever occur in the mapping `group` of the "step" lines, in order of appearance."""
        return list(dict.fromkeys(name for line in self.steps for name in line.get(group) or {}))


def value_at(line: Line, *path: str) -> float:
    """The number at `path` in nested mappings; NaN if there is none."""
    value: Any = line
    for key in path:
        value = (value or {}).get(key)
    return nan if value is None else float(value)
