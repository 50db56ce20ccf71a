from eigenview.alarms import AlarmEngine
from tests.alarms.measurements import line, names


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
