"""What experiments of a session share."""

import pytest

from eigenview.papers.trained import Trainer


@pytest.fixture(scope="session")
def trainer(tmp_path_factory) -> Trainer:
    """Runs that several experiments look at are trained once."""
    return Trainer(tmp_path_factory.mktemp("runs"))
