import pytest

from eigenview.alarms import AlarmEngine
from eigenview.runs import Cosines, Origin, StepRecord


def line(step: int, scale: float | None = 0.6, features: float = 80.0, embeddings: float = 40.0, **more) -> StepRecord:
    ranks: dict[str, float | None] = {"features": features, "embeddings": embeddings}
    return StepRecord(step, loss=1.0, scale=scale, gradient_norm=1.0, effective_rank=ranks, **more)


def cosines(views: float, samples: float) -> dict[str, Cosines]:
    return {"embeddings": Cosines(views, samples)}


def watching(steps: int = 1000, features: int = 256, embeddings: int = 64) -> AlarmEngine:
    return AlarmEngine(steps, {"features": features, "embeddings": embeddings})


def names(watch: AlarmEngine, *records: StepRecord) -> list[str]:
    return [alarm.name for record in records for alarm in watch.update(record)]


def test_a_healthy_run_raises_none():
    lines = [line(step, scale=step / 1000, embeddings=2 + step / 40) for step in range(0, 1001, 50)]
    assert names(watching(), *lines) == []


def test_a_loss_at_chance_is_told_once_and_not_before_a_tenth_of_the_run():
    watch = watching()
    assert names(watch, line(50, scale=0.0)) == []
    assert names(watch, line(100, scale=0.01), line(200, scale=0.0)) == ["loss at chance"]


def test_a_small_batch_cannot_fill_many_dimensions_and_is_not_blamed():
    assert names(watching(embeddings=4), line(500, embeddings=2.5)) == []
    assert names(watching(embeddings=32), line(500, embeddings=3.0)) == ["embeddings collapsed to a few dimensions"]


def test_an_objective_without_a_scale_has_no_chance_level():
    assert names(watching(), line(500, scale=None)) == []


@pytest.mark.parametrize("rank", [1.0, 3.5])
def test_embeddings_in_a_few_dimensions_are_told(rank):
    assert names(watching(), line(500, embeddings=rank)) == ["embeddings collapsed to a few dimensions"]


def test_a_fall_from_the_peak_is_told_even_if_much_is_left():
    assert names(watching(), line(100, features=400), line(500, features=39)) == [
        "features collapsed to a few dimensions"
    ]


def test_evidence_holds_the_numbers():
    (alarm,) = watching().update(line(500, scale=0.02))
    assert "step 500" in alarm.evidence
    assert "2%" in alarm.evidence


def test_all_alike_is_one_alarm_and_not_four():
    watch = watching()
    alike = line(500, scale=0.0, embeddings=1.0, cosine=cosines(0.999, 0.998))
    assert names(watch, alike, alike) == ["complete collapse"]


def test_alike_embeddings_do_not_matter_to_a_loss_far_from_collapse():
    assert names(watching(), line(500, scale=0.5, cosine=cosines(0.999, 0.995))) == []
    assert names(watching(), line(500, scale=None, cosine=cosines(0.999, 0.995))) == ["complete collapse"]


def test_embeddings_that_vanish_have_collapsed_whatever_their_direction():
    wide, gone = {"embeddings": 2.0}, {"embeddings": 1e-4}
    assert names(watching(), line(1, spread=wide), line(500, scale=None, spread=gone)) == ["complete collapse"]


def test_without_pairs_a_rank_of_one_is_complete_collapse():
    assert names(watching(), line(500, scale=None, embeddings=1.01)) == ["complete collapse"]


def test_views_as_far_apart_as_samples_twice():
    apart, near = cosines(0.31, 0.3), cosines(0.5, 0.3)
    assert names(watching(), line(500, cosine=apart), line(550, cosine=near), line(600, cosine=apart)) == []
    assert names(watching(), line(500, cosine=apart), line(550, cosine=apart)) == ["no invariance"]


def test_a_temperature_is_at_its_clamp_when_it_stays_there():
    def watch() -> AlarmEngine:
        return AlarmEngine(1000, {"features": 256, "embeddings": 64}, min_temperature=0.01)

    assert (
        names(
            watch(),
            line(10, logged={"temperature": 0.01}),
            line(20, logged={"temperature": 0.02}),
            line(30, logged={"temperature": 0.01}),
        )
        == []
    )
    assert names(watch(), line(10, logged={"temperature": 0.01}), line(20, logged={"temperature": 0.01})) == [
        "temperature at its minimum"
    ]


def test_a_stable_origin_twice():
    stable = Origin(growing=0, largest=-1e-3, between=1.0, within=9.0, decay=0.0)
    saddle = Origin(growing=1, largest=1e-3, between=1.0, within=9.0, decay=0.0)
    assert names(watching(), line(1, origin=stable), line(20, origin=saddle), line(30, origin=stable)) == []
    assert names(watching(), line(1, origin=stable), line(20, origin=stable)) == ["collapse predicted"]


class TestStillFalling:
    def at(self, ranks, steps: int | None = 1000) -> list[str]:
        watch = AlarmEngine(steps, {"embeddings": 64})
        return names(watch, *(line(50 * (i + 1), embeddings=rank) for i, rank in enumerate(ranks)))

    def test_an_early_rise_and_fall_is_healthy(self):
        assert self.at([20, 40, 50, 45, 40, 35, 32, 30, 30, 30, 30, 30, 30, 31, 31, 31, 31, 32, 32, 32]) == []
        assert self.at([20, 40, 50, 45, 40, 35, 32, 30, 30, 30, 30, 30, 30, 31, 31, 31, 31, 32, 32, 32], None) == []

    def test_a_steady_fall_is_told_at_the_end(self):
        falling = [50 - i for i in range(20)]
        assert self.at(falling) == ["rank of embeddings still falling"]
        assert self.at(falling[:-1]) == []

    def test_a_long_fall_is_told_on_the_way(self):
        falling = [50 * 0.9**i for i in range(15)]
        assert self.at(falling) == self.at(falling, None) == ["rank of embeddings still falling"]

    def test_noise_is_no_fall(self):
        assert self.at([30 + (i * 7 % 5) for i in range(20)]) == []


def test_lines_of_a_model_that_is_not_ours_are_enough():
    watch = AlarmEngine(None, {"features": 256})
    records = (StepRecord(step, effective_rank={"features": 1.0}) for step in (100, 200, 300))
    assert [(seen.step, alarm.name) for seen in records for alarm in watch.update(seen)] == [
        (200, "complete collapse"),
        (200, "features collapsed to a few dimensions"),
    ]
    assert watch.update(StepRecord(400, measures={"alpha_req": {"features": 1.0}})) == []
