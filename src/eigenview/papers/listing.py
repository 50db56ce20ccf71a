"""Experiments and their verdicts, as tables on a terminal."""

from collections.abc import Mapping, Sequence

from eigenview.papers.catalogue import Experiment
from eigenview.papers.records import Record
from eigenview.plotting.tables import Table


def listed(experiments: Sequence[Experiment], records: Mapping[str, Record | None]) -> Table:
    """What there is, about what it costs at `cpu`, and what was last found of it."""
    table = Table("experiment", "shows", "cost at cpu", "last verdicts", prose=("shows", "last verdicts"))
    for each in experiments:
        record = records[each.path]
        table.add_row(each.path, each.shows, each.cost["cpu"], "—" if record is None else _counted(record))
    return table


def verdicts(records: Sequence[Record]) -> Table:
    """Each claim with its verdict and the numbers."""
    table = Table("experiment", "claim", "verdict", "measured", prose=("claim", "measured"))
    for record in records:
        for i, claim in enumerate(record.claims):
            verdict = claim.verdict.removesuffix(" at this scale")
            table.add_row("" if i else record.path, claim.name, verdict, claim.measured)
    return table


def _counted(record: Record) -> str:
    verdicts = [claim.verdict for claim in record.claims]
    counts = [f"{verdicts.count(verdict)} {words}" for verdict, words in _WORDS.items() if verdict in verdicts]
    return f"{', '.join(counts)} ({record.scale}, {record.date})"


_WORDS = {"holds": "hold", "fails": "fail", "not tested at this scale": "not tested"}
