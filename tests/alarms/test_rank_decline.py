from eigenview.alarms import AlarmEngine
from tests.alarms.measurements import line, names


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
