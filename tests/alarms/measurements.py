"""Measurements as a healthy run has them, and what an engine says of them."""

from eigenview.alarms import AlarmEngine
from eigenview.runs import Cosines, StepRecord


def line(step: int, scale: float | None = 0.6, features: float = 80.0, embeddings: float = 40.0, **more) -> StepRecord:
    ranks: dict[str, float | None] = {"features": features, "embeddings": embeddings}
    return StepRecord(step, loss=1.0, scale=scale, gradient_norm=1.0, effective_rank=ranks, **more)


def cosines(views: float, samples: float) -> dict[str, Cosines]:
    return {"embeddings": Cosines(views, samples)}


def watching(steps: int = 1000, features: int = 256, embeddings: int = 64) -> AlarmEngine:
    return AlarmEngine(steps, {"features": features, "embeddings": embeddings})


def names(watch: AlarmEngine, *records: StepRecord) -> list[str]:
    return [alarm.name for record in records for alarm in watch.update(record)]
