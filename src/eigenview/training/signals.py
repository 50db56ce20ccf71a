"""Stopping on Ctrl-C between steps, not within one."""

import signal
import threading
from types import FrameType


class Interrupt:
    """A context in which the first SIGINT or SIGTERM only sets `requested`; a second SIGINT ends the process at once.

    A signal that is ignored on entry stays ignored: that is how a script's shell starts a background job
    (`eigenview train &`), so that Ctrl-C ends the script and not the job. SIGTERM stops the job.

    Signals reach the main thread alone: in other threads the context does nothing.

    Attributes:
        requested: the first signal that came; None before.
    """

    def __init__(self) -> None:
        self.requested: signal.Signals | None = None
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> "Interrupt":
        if threading.current_thread() is threading.main_thread():
            for caught in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(caught) != signal.SIG_IGN:
                    self._before[caught] = signal.signal(caught, self._request)
        return self

    def __exit__(self, *_: object) -> None:
        for caught, handler in self._before.items():
            signal.signal(caught, handler)  # pyright: ignore[reportArgumentType]

    def _request(self, number: int, frame: FrameType | None) -> None:
        if self.requested is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.requested = signal.Signals(number)
