"""Tables of experiments and of verdicts, for a terminal."""

from collections.abc import Mapping, Sequence

from eigenview.papers.experiment import Experiment
from eigenview.papers.records import ExperimentRecord
from eigenview.plotting.tables import Table


def experiment_table(experiments: Sequence[Experiment], records: Mapping[str, ExperimentRecord | None]) -> Table:
    """What each experiment shows, what it costs at `cpu`, and the last verdicts on its claims."""
    prose = "shows", "cost at cpu", "last verdicts"
    table = Table("experiment", "shows", "cost at cpu", "last verdicts", prose=prose)
    for each in experiments:
        record = records[each.path]
        table.add_row(each.path, each.shows, each.cost.get("cpu", "—"), "—" if record is None else _count(record))
    return table


def verdict_table(records: Sequence[ExperimentRecord]) -> Table:
    """Each claim with its verdict and the numbers that decide on it."""
    table = Table("experiment", "claim", "verdict", "measured", prose=("claim", "measured"))
    for record in records:
        for i, claim in enumerate(record.claims):
            verdict = claim.verdict.removesuffix(" at this scale")
            table.add_row("" if i else record.path, claim.name, verdict, claim.measured)
    return table


def _count(record: ExperimentRecord) -> str:
    verdicts = [claim.verdict for claim in record.claims]
    counts = [f"{verdicts.count(verdict)} {words}" for verdict, words in _WORDS.items() if verdict in verdicts]
    return f"{', '.join(counts)} ({record.scale}, {record.date})"


_WORDS = {"holds": "hold", "fails": "fail", "not tested at this scale": "not tested"}
