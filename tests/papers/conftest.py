"""What the experiments of a session share."""

import pytest

from eigenview.papers import RunCache


@pytest.fixture(scope="session")
def run_cache(tmp_path_factory) -> RunCache:
    """A cache in which runs that several experiments need are trained once."""
    return RunCache(tmp_path_factory.mktemp("runs"))
