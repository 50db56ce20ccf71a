"""When to look and when to measure."""


class MeasurementSchedule:
    """Counts steps, and says which of them are watched: only those whose rows are measured.

    The first measurement is made as soon as there are rows enough, then one every so many steps.

    Args:
        every: steps between measurements.
        rows: wanted for one.
        done: steps made before.
    """

    def __init__(self, every: int, rows: int, done: int) -> None:
        self.done, self._every, self._rows, self._began = done, every, rows, done
        self._window, self._measured = 1, False

    @property
    def watched(self) -> bool:
        """Whether rows of the step under way are wanted."""
        return not self._measured or self._every - self.done % self._every <= self._window

    @property
    def oldest(self) -> int:
        """The first step whose rows a measurement now is of."""
        return self.done - self._window + 1

    def step(self, rows: int) -> bool:
        """Counts a step with the rows that were seen in it; returns whether to measure now."""
        self.done += 1
        if rows:
            self._window = max(1, min(self._every, self._rows // rows))
        first = not self._measured and self.done - self._began >= self._window
        due = first or self.done % self._every == 0
        self._measured |= due
        return due
