"""Looking at a run's measurements as they come."""

from collections.abc import Iterator, Mapping
from typing import Any

from eigenview.alarms.alarm import Alarm
from eigenview.alarms.collapse import at_chance, complete_collapse, dimensional_collapse
from eigenview.alarms.invariance import views_apart
from eigenview.alarms.rank_decline import still_falling

_PATIENCE_OF_UNKNOWN_LENGTH = 200


class AlarmEngine:
    """Looks at each measurement of a run and says, once each, what is wrong with it.

    It knows only the lines it is shown: to go on where another left off, show it those of before.

    Args:
        steps: the run's updates in all; before a tenth of them, and before 50, nothing is called stuck. None where
            unknown: before 200.
        rooms: the dimensions that `features` and `embeddings` of a batch could fill, as far as they are known; what it
            does not name is not judged by its rank.
        min_temperature: the least that a learned temperature may be, if there is one.
    """

    def __init__(self, steps: int | None, rooms: Mapping[str, int], min_temperature: float | None = None) -> None:
        self._steps, self._rooms, self._min_temperature = steps, rooms, min_temperature
        self._patience = _PATIENCE_OF_UNKNOWN_LENGTH if steps is None else max(50, steps // 10)
        self._ranks: dict[str, list[tuple[int, float]]] = {}
        self._peak: dict[str, float] = {}
        self._widest = 0.0
        self._in_a_row = {"cold": 0, "origin": 0, "apart": 0}
        self._raised: set[str] = set()

    def see(self, measured: Mapping[str, Any]) -> list[Alarm]:
        """New alarms after a measurement.

        Args:
            measured: a step's line of the metrics: `step`, and whatever there is of `effective_rank`, `loss`, `scale`,
                `cosine`, `spread`, `temperature` and `origin`.
        """
        self._remember(measured)
        new = [alarm for alarm in self._found(measured) if alarm.name not in self._raised]
        self._raised.update(alarm.name for alarm in new)
        return new

    def _remember(self, line: Mapping[str, Any]) -> None:
        for what, rank in (line.get("effective_rank") or {}).items():
            if rank is not None:
                rank = float(rank)
                self._peak[what] = max(self._peak.get(what, 0.0), rank)
                self._ranks.setdefault(what, []).append((line["step"], rank))
        self._widest = max(self._widest, _value(line, "spread", "embeddings") or 0.0)
        min_temperature, temperature = self._min_temperature, line.get("temperature")
        cold = min_temperature is not None and temperature is not None and temperature <= 1.001 * min_temperature
        self._in_a_row["cold"] = self._in_a_row["cold"] + 1 if cold else 0
        self._in_a_row["apart"] = self._in_a_row["apart"] + 1 if views_apart(line) else 0
        stable = _value(line, "origin", "growing") == 0
        self._in_a_row["origin"] = self._in_a_row["origin"] + 1 if stable else 0

    def _found(self, line: Mapping[str, Any]) -> Iterator[Alarm]:
        # Two measurements in a row: one may be a batch's chance, or a clamp that was only touched.
        if self._in_a_row["origin"] >= 2:
            yield _origin_stable(line)
        if self._in_a_row["cold"] >= 2:
            yield _min_temperature(line)
        if line["step"] < self._patience:
            return
        complete = complete_collapse(line, self._widest)
        if complete is not None:
            # It says all that chance level, few dimensions of embeddings and views apart would.
            yield complete
        apart = views_apart(line) if self._in_a_row["apart"] >= 2 else None
        alarms: list[Alarm | None] = [] if complete else [at_chance(line), apart]
        for what, room in self._rooms.items():
            rank = _value(line, "effective_rank", what)
            if rank is None:
                continue
            if not (complete and what == "embeddings"):
                alarms.append(dimensional_collapse(line["step"], what, rank, self._peak[what], room))
            alarms.append(still_falling(what, self._ranks[what], self._peak[what], self._steps))
        yield from (alarm for alarm in alarms if alarm is not None)


def _origin_stable(line: Mapping[str, Any]) -> Alarm:
    origin = line["origin"]
    decay = f", weight decay {origin['decay']:.3g}" if origin["decay"] else ""
    return Alarm(
        "collapse predicted",
        f"at step {line['step']} the origin is a minimum for the projector's last layer: B, which must have a positive "
        f"eigenvalue for any mode to grow, has {origin['largest']:.3g} as its largest (variance of its inputs: "
        f"{origin['between']:.3g} between samples, {origin['within']:.3g} between views of one{decay})",
        "weaker views, less weight decay, or more repulsion between samples (beta, or VICReg's variance)",
    )


def _min_temperature(line: Mapping[str, Any]) -> Alarm:
    return Alarm(
        "temperature at its clamp",
        f"at step {line['step']} the learned temperature is {line['temperature']:.4g}, the least it may be, and was at "
        "the measurement before",
        "stronger views or a larger batch, so that partners are harder to find; a smaller learning rate; or a smaller "
        "min_temperature (objective.options), if that is where it should go",
    )


def _value(line: Mapping[str, Any], group: str, name: str) -> float | None:
    value = (line.get(group) or {}).get(name)
    return None if value is None else float(value)
