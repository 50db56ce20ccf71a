"""`eigenview`: run a command, and exit with its code."""

import os
import sys
from collections.abc import Sequence

from eigenview._errors import UsageError
from eigenview.cli.arguments import parse
from eigenview.cli.spelling import in_their_words

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: the words after `eigenview`; by default those of the process.

    Returns:
        The exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    # Read when torch is imported, later. Threads that wait spinning stall two-thread kernels when another process has
    # a core; huge pages make large tensors cheaper to allocate.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words[:1] == ["--version"]:
        from eigenview._version import __version__

        print(f"eigenview {__version__}")
        return DONE
    try:
        return parse(words).run()
    except UsageError as error:
        return _say(in_their_words(str(error), words), WRONG_USAGE)
    except BrokenPipeError:
        # The reader of a pipe, such as `head`, has what it wanted; at exit Python would complain of what is unwritten.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        return _say(str(error), FAILED)
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)


def _say(message: str, code: int) -> int:
    print(f"eigenview: {' '.join(message.split())}", file=sys.stderr)
    return code
