"""`eigenview`: which command, and how it ends."""

import os
import sys
from collections.abc import Sequence

from eigenview._errors import UsageError
from eigenview.cli.arguments import parse

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: the words after `eigenview`; the process's own if not given.

    Returns:
        The exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    # Read when torch is imported, later. Threads that wait spinning stall two-thread kernels when another process has
    # a core; huge pages make large tensors cheaper to allocate.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    try:
        return parse(sys.argv[1:] if arguments is None else list(arguments)).run()
    except UsageError as error:
        return _say(str(error), WRONG_USAGE)
    except OSError as error:
        return _say(str(error), FAILED)
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)


def _say(message: str, code: int) -> int:
    print(f"eigenview: {' '.join(message.split())}", file=sys.stderr)
    return code
