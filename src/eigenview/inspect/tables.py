"""What was found in files and runs, as tables a person reads in ten seconds."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from torch import Tensor

from eigenview.inspect.inspection import PROBES, Inspected, agreement_with_probes, all_readings, ranked_by
from eigenview.inspect.rank_agreement import FEW, Agreement, mean_ranks, rank_inputs
from eigenview.measures import CATALOGUE, MeasureResult
from eigenview.plotting.formatting import number
from eigenview.plotting.tables import empty_table

_MARKS = {"good": "bold green", "fair": "yellow", "bad": "bold red"}
_NOTHING = "–"
_ROOM_FOR_NAMES = 100  # characters: less, and references go without
_FEW_NAMES = 5


def show(found: Sequence[Inspected], console: Console) -> None:
    """Prints the measures of one input, or the ranks of several."""
    for part in _one(found[0], console) if len(found) == 1 else _several(found, console):
        console.print(part, highlight=False)


def _one(one: Inspected, console: Console) -> Iterator[Table | Text | str]:
    step = "" if one.step is None else f", step {one.step:,}"
    yield Text(one.path + step)
    named = console.width >= _ROOM_FOR_NAMES
    for group, readings in one.readings.items():
        yield _title(f"{group}: {_shape(one, group)}") + _headline(readings, one.clouds[group])
        table = empty_table(console, "measure", "(value)", "", *(("worst", "best") if named else ("(worst)", "(best)")))
        table.add_column("what it says")
        for reading in readings:
            table.add_row(reading.measure.replace("_", " "), *_cells(reading, one.clouds[group].shape[-2], named))
        yield table
    yield from _notes(one)


def _headline(readings: Sequence[MeasureResult], cloud: Tensor) -> Text:
    """Whether samples are collapsed, in a clause."""
    rank = _effective_rank(readings)
    if rank is None or rank.value is None or rank.verdict is None:
        return Text("")
    fills = f", fill {number(rank.value)} of {min(cloud.shape[-2:]):,} directions"
    return Text(" \N{EM DASH} ") + _collapse(rank) + Text(fills)


def _effective_rank(readings: Sequence[MeasureResult]) -> MeasureResult | None:
    return next((reading for reading in readings if reading.measure == "effective_rank"), None)


def _collapse(rank: MeasureResult | None) -> Text:
    """What effective rank says, in a word or two."""
    verdict = None if rank is None else rank.verdict
    words = {"good": "not collapsed", "fair": "partly collapsed", "bad": "collapsed", None: ""}
    return Text(words[verdict], style=_MARKS.get(verdict or "", ""))


def _notes(one: Inspected) -> Iterator[str]:
    readings = [reading for readings in one.readings.values() for reading in readings]
    if any(reading.ends for reading in readings):
        words = (
            "good: at least half of the way from worst to best. collapsed: samples on one line; isotropic: Gaussian "
        )
        words += "rows in all directions"
        if any(cloud.ndim == 3 and len(cloud) > 1 for cloud in one.clouds.values()):
            words += "; ideal: such rows whose views agree; unrelated: whose views do not. Measures that need no views "
            words += "see one of each sample"
        yield f"[dim]{words}.[/dim]"
    if len({reading.measure for reading in readings}) < len(CATALOGUE):
        yield f"[dim]All {len(CATALOGUE)} measures: --all.[/dim]"


def _title(words: str) -> Text:
    return Text(words, style="bold")


def _shape(one: Inspected, group: str) -> str:
    *views, N, D = one.clouds[group].shape
    return f"{views[0]} views × {N:,} samples × {D:,}" if views else f"{N:,} samples × {D:,}"


def _cells(reading: MeasureResult, N: int, named: bool) -> list[str | Text]:
    """Value, mark, the references that it lies between, and meaning."""
    if reading.value is None:
        return [_NOTHING, "", "", "", Text(reading.missing or "", style="dim")]
    mark = Text(reading.verdict or ("?" if reading.doubt else ""), style=_MARKS.get(reading.verdict or "", ""))
    ends = [number(round(reading.references[name], 2)) + (f" {name}" if named else "") for name in reading.ends or ()]
    drawn = f" (on {reading.rows:,} of {N:,} rows)" if reading.sampled else ""
    return [number(reading.value), mark, *(ends or ("", "")), reading.doubt or reading.meaning + drawn]


def _several(found: Sequence[Inspected], console: Console) -> Iterator[Table | Text | str]:
    readings = all_readings(found)
    by, why = ranked_by(readings)
    overall = mean_ranks(readings, by)
    order = sorted(range(len(found)), key=lambda i: (overall[i] is None, overall[i]))
    probes = [probe for probe in PROBES if any(probe in one.probes for one in found)]
    yield _title(f"{len(found)} inputs, ranked without labels") + Text(_by(by, why))
    table = empty_table(
        console, "", "(mean rank)", "(features)", "", "(embeddings)", "", *(f"({p} probe)" for p in probes)
    )
    for i in order:
        one, rank = found[i], overall[i]
        shapes = [cell for group in ("features", "embeddings") for cell in _shape_and_collapse(one, group)]
        accuracies = [f"{100 * one.probes[p]:.1f}%" if p in one.probes else _NOTHING for p in probes]
        table.add_row(escape(one.name), _NOTHING if rank is None else f"{rank:.2f}", *shapes, *accuracies)
    yield table
    by_key = rank_inputs(readings)
    for group in ("features", "embeddings"):
        names = [measure for cloud, measure in dict.fromkeys([*_few(by), *by_key]) if cloud == group]
        for some in _chunks(names, console.width - max(len(one.name) for one in found) - 6):
            yield _title(f"{group} (* the best)")
            table = empty_table(console, "", *(f"({measure.replace('_', chr(10))})" for measure in some))
            for i in order:
                cells = [_ranked(readings[i].get((group, m)), by_key[group, m][i], by_key[group, m]) for m in some]
                table.add_row(escape(found[i].name), *cells)
            yield table
    yield from _agreement(agreement_with_probes(found), console)
    if len({measure for one in readings for _, measure in one}) < len(CATALOGUE):
        yield f"[dim]All {len(CATALOGUE)} measures: --all.[/dim]"


def _few(by: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """Those that go first."""
    return by if len(by) <= _FEW_NAMES else ()


def _by(by: Sequence[tuple[str, str]], why: str) -> str:
    """By what inputs are ranked; a few measures are named."""
    if not by:
        return ""
    words = ", ".join(f"{measure.replace('_', ' ')} of {cloud}" for cloud, measure in by[:_FEW_NAMES])
    return f" by {words}: {why}" if len(by) <= _FEW_NAMES else f" by {len(by)} measures: {why}"


def _shape_and_collapse(one: Inspected, group: str) -> tuple[str, Text]:
    if group not in one.clouds:
        return _NOTHING, Text("")
    shape = " × ".join(f"{side:,}" for side in one.clouds[group].shape)
    return shape, _collapse(_effective_rank(one.readings[group]))


def _chunks(names: Sequence[str], room: int) -> Iterator[list[str]]:
    """As many columns at a time as fit beside the names of the inputs."""
    some: list[str] = []
    used = 0
    for name in names:
        wide = max(9, *(len(word) for word in name.split("_"))) + 3
        if some and used + wide > room:
            yield some
            some, used = [], 0
        some.append(name)
        used += wide
    if some:
        yield some


def _ranked(reading: MeasureResult | None, rank: float | None, all_ranks: Sequence[float | None]) -> Text:
    if reading is None or reading.value is None:
        return Text(_NOTHING, style="dim")
    best = rank is not None and rank == min(r for r in all_ranks if r is not None)
    return Text(number(reading.value) + (" *" if best else "  "), style="bold" if best else "")


def _agreement(found: Sequence[Agreement], console: Console) -> Iterator[Table | Text | str]:
    if not found:
        return
    probes = [probe for probe in PROBES if any(a.probe == probe for a in found)]
    yield _title("Does it say what labels say? Spearman's rank correlation with probe accuracy")
    table = empty_table(console, "measure", "of", "good is", *(f"({probe})" for probe in probes), "(n)")
    by_probe = {(a.cloud, a.measure, a.probe): a for a in found}
    for a in found:
        if a.probe == probes[0]:
            others = [by_probe.get((a.cloud, a.measure, probe)) for probe in probes]
            cells = [_NOTHING if b is None else number(round(b.correlation, 2), 2) for b in others]
            table.add_row(a.measure.replace("_", " "), a.cloud, a.better, *cells, str(a.n))
    yield table
    n = max(a.n for a in found)
    if n < FEW:
        yield f"{n} runs are too few for these correlations to mean much; {FEW} are the least."
