"""The contract of experiments, as an abstract test case; an experiment's own tests inherit it.

from eigenview.testing import ExperimentTestCase

class TestMine(ExperimentTestCase):
experiment = "my_pkg.exps:my_experiment"
expected = {"it falls": "holds", "long training": "not tested at this scale"}
"""

from collections.abc import Mapping
from io import BytesIO
from typing import ClassVar

import numpy as np
import pytest

from eigenview.papers.catalogue import select_experiments
from eigenview.papers.claims import Verdict
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache

UNTESTED: Verdict = "not tested at this scale"


class ExperimentTestCase:
    """An experiment at `smoke` scale: its verdicts, numbers and figure.

    Attributes:
        experiment: `PAPER/EXPERIMENT`, or an import path `module:attribute`.
        expected: the verdict on each claim by the claim's name; None for a claim about time, on which no test can rely.
        repeatable: whether the experiment is quick enough to run twice, to see that its verdicts repeat.
    """

    experiment: ClassVar[str]
    expected: ClassVar[Mapping[str, Verdict | None]]
    repeatable: ClassVar[bool] = True

    @pytest.fixture(scope="class")
    @classmethod
    def runs(cls, tmp_path_factory: pytest.TempPathFactory) -> RunCache:
        """The runs that the experiment trains; override it to share them between experiments."""
        return RunCache(tmp_path_factory.mktemp("runs"))

    @pytest.fixture(scope="class")
    @classmethod
    def outcome(cls, runs: RunCache) -> Outcome:
        """What the experiment returns at `smoke`."""
        return cls._run(runs)

    @classmethod
    def _run(cls, runs: RunCache) -> Outcome:
        (experiment,) = select_experiments(cls.experiment)
        return experiment.run("smoke", runs)

    def test_claims_have_the_expected_verdicts(self, outcome):
        verdicts = {claim.name: claim.verdict for claim in outcome.claims}
        assert verdicts.keys() == self.expected.keys()
        for name, verdict in self.expected.items():
            assert verdict in (None, verdicts[name]), name

    def test_at_least_one_claim_is_tested(self, outcome):
        assert any(claim.verdict != UNTESTED for claim in outcome.claims)

    def test_claims_are_sentences_with_numbers(self, outcome):
        for claim in outcome.claims:
            assert claim.statement.endswith(".")
            assert any(character.isdigit() for character in claim.measured)
            assert "nan" not in claim.measured

    def test_the_table_holds_finite_numbers(self, outcome):
        numbers = [value for column in outcome.table.values() for value in column if isinstance(value, float)]
        assert numbers
        assert np.isfinite(numbers).all()

    def test_the_figure_can_be_saved_and_its_axes_have_labels(self, outcome):
        outcome.figure.savefig(BytesIO(), format="svg")
        for axes in outcome.figure.axes:
            assert axes.get_ylabel()
            assert axes.get_xlabel() or [label for label in axes.get_xticklabels() if label.get_text()]
        assert outcome.caption.endswith(".")

    def test_the_same_seeds_give_the_same_verdicts(self, outcome, runs):
        if not self.repeatable:
            pytest.skip("the experiment takes too long to run twice")
        pairs = zip(outcome.claims, self._run(runs).claims, strict=True)
        assert all(one.verdict == other.verdict or self.expected[one.name] is None for one, other in pairs)
