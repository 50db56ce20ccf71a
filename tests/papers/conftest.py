"""What experiments of a session share."""

import pytest

from eigenview.papers.run_cache import RunCache


@pytest.fixture(scope="session")
def trainer(tmp_path_factory) -> RunCache:
    """Runs that several experiments look at are trained once."""
    return RunCache(tmp_path_factory.mktemp("runs"))
