"""Ctrl-C between steps rather than within one."""

import signal
import threading
from types import FrameType


class Interrupt:
    """While in this context, the first SIGINT or SIGTERM only sets `requested`; a second SIGINT ends at once.

    Signals reach the main thread alone: elsewhere the context does nothing.
    """

    def __init__(self) -> None:
        self.requested: signal.Signals | None = None
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> "Interrupt":
        if threading.current_thread() is threading.main_thread():
            for caught in (signal.SIGINT, signal.SIGTERM):
                self._before[caught] = signal.signal(caught, self._request)
        return self

    def __exit__(self, *_: object) -> None:
        for caught, handler in self._before.items():
            signal.signal(caught, handler)  # pyright: ignore[reportArgumentType]

    def _request(self, number: int, frame: FrameType | None) -> None:
        if self.requested is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.requested = signal.Signals(number)
