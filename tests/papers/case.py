"""The contract of the five papers' experiments: that of every experiment, and what RESULTS.md says of them."""

import re
from pathlib import Path

import pytest

from eigenview.papers import Outcome, RunCache
from eigenview.testing import ExperimentTestCase

RESULTS = Path(__file__).parents[2] / "papers" / "RESULTS.md"


class PaperExperimentCase(ExperimentTestCase):
    """An experiment of a paper, whose runs are shared with the paper's other experiments."""

    @pytest.fixture(scope="class")
    @classmethod
    def runs(cls, run_cache: RunCache) -> RunCache:
        return run_cache

    def test_results_md_states_the_same_claims(self, outcome: Outcome):
        assert [statement for statement, _ in results_rows(self.experiment)] == [c.statement for c in outcome.claims]

    def test_results_md_describes_the_measurements_in_the_same_words(self, outcome: Outcome):
        for claim, (_, measured) in zip(outcome.claims, results_rows(self.experiment), strict=True):
            assert first_words(measured) == first_words(claim.measured)

    def test_results_md_has_the_same_caption_but_for_what_the_scale_changes(self, outcome: Outcome):
        assert sentences(outcome.caption) & sentences(results_section(self.experiment))


def results_section(path: str) -> str:
    """The section of RESULTS.md about an experiment."""
    text = RESULTS.read_text(encoding="utf-8")
    start = text.index(f"### `{path}`\n")
    return re.split(r"\n##", text[start + 1 :])[0]


def results_rows(path: str) -> list[tuple[str, str]]:
    """Statement and measurement of each claim of an experiment in RESULTS.md."""
    rows = [line.split(" | ") for line in results_section(path).splitlines() if line.startswith("| ")]
    return [(statement.removeprefix("| "), measured) for statement, measured, _ in rows[1:]]


def first_words(measured: str) -> str:
    """The words before the first number or colon; results, such as which objective is best, come after it."""
    return re.split(r"[-+−±]?\d|:", measured)[0]


def sentences(text: str) -> set[str]:
    """Sentences, with every number masked."""
    return set(re.split(r"(?<=\.)\s+", re.sub(r"\d[\d,.]*\b", "#", text)))
