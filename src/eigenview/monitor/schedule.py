"""When a monitor observes steps, and when it measures."""


class MeasurementSchedule:
    """Counts steps, and says which of them are observed: only those whose rows are measured.

    The first measurement is made as soon as there are enough rows, then one every so many steps.

    Args:
        every: steps between measurements.
        rows: number of rows in a measurement.
        done: steps made before.
    """

    def __init__(self, every: int, rows: int, done: int) -> None:
        self.done, self._every, self._rows, self._began = done, every, rows, done
        self._window, self._measured = 1, False

    @property
    def observed(self) -> bool:
        """Whether the rows of the present step are wanted."""
        return not self._measured or self._every - self.done % self._every <= self._window

    @property
    def oldest(self) -> int:
        """The first step whose rows a measurement now would include."""
        return self.done - self._window + 1

    def step(self, rows: int) -> bool:
        """Count a step and its rows; return whether to measure now."""
        self.done += 1
        if rows:
            self._window = max(1, min(self._every, self._rows // rows))
        first = not self._measured and self.done - self._began >= self._window
        due = first or self.done % self._every == 0
        self._measured |= due
        return due
