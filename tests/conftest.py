"""Shapes and types of every call into eigenview are checked while tests run."""

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import jaxtyping
import pytest
from jaxtyping import install_import_hook

import tests.checker  # noqa: F401  # which the hook looks up as an attribute

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # As in a shell's background jobs; what tests send SIGINT to, itself or a child, would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
install_import_hook("eigenview", "tests.checker.checked").__enter__()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real images that $EIGENVIEW_DATA names; without it, tests that need them are skipped."""
    folder = os.environ.get("EIGENVIEW_DATA")
    if not folder:
        pytest.skip("needs real images: EIGENVIEW_DATA is not set")
    if not Path(folder).is_dir():
        pytest.skip(f"needs real images: EIGENVIEW_DATA={folder} is not a folder")
    return Path(folder)


@pytest.fixture
def as_users_call() -> Iterator[None]:
    """Shapes are not checked, as they are not outside of tests: what the code itself says of wrong ones is tested."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """`untrained_run` into a directory of the test's own."""
    from tests.untrained_run import untrained_run  # after the hook that checks shapes

    return partial(untrained_run, tmp_path / "run")
