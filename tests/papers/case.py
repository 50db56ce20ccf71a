"""What every experiment is held to, at the scale of seconds."""

from io import BytesIO
from typing import ClassVar

import numpy as np
import pytest

from eigenview.papers import EXPERIMENTS, Outcome
from eigenview.papers.run_cache import RunCache

UNTESTED = "not tested at this scale"


class ExperimentCase:
    """An experiment, and what is known of its claims.

    Attributes:
        path: which experiment.
        repeatable: whether it is quick enough to be run twice; what is trained is tested elsewhere to repeat itself.
        expected: verdicts by the claims' names; of a claim about times, which no test can rely on, None.
    """

    path: ClassVar[str]
    expected: ClassVar[dict[str, str | None]]
    repeatable: ClassVar[bool] = True

    @pytest.fixture(scope="class")
    @classmethod
    def outcome(cls, trainer: RunCache) -> Outcome:
        return next(each for each in EXPERIMENTS if each.path == cls.path).run("smoke", trainer)

    def test_its_claims_have_the_verdicts_that_are_known(self, outcome):
        verdicts = {claim.name: claim.verdict for claim in outcome.claims}
        assert verdicts.keys() == self.expected.keys()
        for name, verdict in self.expected.items():
            assert verdict in (None, verdicts[name]), name

    def test_some_claim_can_fail(self, outcome):
        assert any(claim.verdict != UNTESTED for claim in outcome.claims)

    def test_numbers_stand_behind_each(self, outcome):
        for claim in outcome.claims:
            assert any(character.isdigit() for character in claim.measured)
            assert "nan" not in claim.measured
            assert claim.says.endswith(".")
        numbers = [value for column in outcome.columns.values() for value in column if isinstance(value, float)]
        assert numbers
        assert np.isfinite(numbers).all()

    def test_its_axes_are_named_and_its_caption_is_a_sentence(self, outcome):
        outcome.figure.savefig(BytesIO(), format="svg")
        for axes in outcome.figure.axes:
            assert axes.get_ylabel()
            assert axes.get_xlabel() or [label for label in axes.get_xticklabels() if label.get_text()]
        assert outcome.caption.endswith(".")

    def test_the_same_seed_gives_the_same_verdicts(self, outcome, trainer):
        if not self.repeatable:
            pytest.skip("takes long")
        again = next(each for each in EXPERIMENTS if each.path == self.path).run("smoke", trainer)
        pairs = zip(outcome.claims, again.claims, strict=True)
        assert all(one.verdict == other.verdict or self.expected[one.name] is None for one, other in pairs)
