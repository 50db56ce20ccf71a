"""Measures of one input with their verdicts, and ranks of several, as tables on a terminal."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text
from torch import Tensor

from eigenview.inspect.inspection import PROBES, Inspected, agreement_with_probes, all_results, ranked_by
from eigenview.inspect.rank_agreement import FEW, Agreement, mean_ranks, rank_inputs
from eigenview.measures import CATALOGUE, MeasureResult
from eigenview.plotting.formatting import number
from eigenview.plotting.tables import Table

_MARKS = {"good": "bold green", "fair": "yellow", "bad": "bold red"}
_NOTHING = "–"
_FEW_NAMES = 5
_MOST_CHARACTERS = 200  # of a line of a table of many measures, where a line may be of any length


def show(found: Sequence[Inspected], console: Console) -> None:
    """Prints the measures of one input, or the ranks of several.

    Args:
        found: the inputs.
        console: where to print. A narrow one gets the same words on more lines.
    """
    for part in _one(found[0]) if len(found) == 1 else _several(found, console):
        console.print(part, highlight=False)


def _one(one: Inspected) -> Iterator[Table | Text]:
    yield Text(one.path + ("" if one.step is None else f", step {one.step:,}"))
    for group, results in one.results.items():
        cloud = one.clouds[group]
        yield _title(f"{group}: {_shape(cloud)}") + _headline(results, cloud)
        table = Table("measure", "(value)", "", "worst", "best", "meaning", prose=("meaning",))
        for result in results:
            table.add_row(result.measure.replace("_", " "), *_cells(result, cloud.shape[-2]))
        yield table
    yield from _notes(one)


def _headline(results: Sequence[MeasureResult], cloud: Tensor) -> Text:
    """Whether samples are collapsed, in a clause."""
    rank = _effective_rank(results)
    if rank is None or rank.value is None or rank.verdict is None:
        return Text("")
    fills = f", fill {number(rank.value)} of {min(cloud.shape[-2:]):,} directions"
    return Text(" \N{EM DASH} ") + _collapse(rank) + Text(fills)


def _effective_rank(results: Sequence[MeasureResult]) -> MeasureResult | None:
    return next((result for result in results if result.measure == "effective_rank"), None)


def _collapse(rank: MeasureResult | None) -> Text:
    """What the effective rank says, in a word or two."""
    verdict = None if rank is None else rank.verdict
    words = {"good": "not collapsed", "fair": "partly collapsed", "bad": "collapsed", None: ""}
    return Text(words[verdict], style=_MARKS.get(verdict or "", ""))


def _notes(one: Inspected) -> Iterator[Text]:
    """What the words of the tables mean."""
    results = [result for of_group in one.results.values() for result in of_group]
    if any(result.ends for result in results):
        sentences = [
            "Verdicts compare a value with the same measure of random reference clouds of this shape: good is at least "
            "half of the way from the worst reference to the best, bad is less than a fifth. Counts that span a wide "
            "range are compared on a logarithmic scale.",
            "References: collapsed = all samples on one line; isotropic = Gaussian samples, the same in all directions",
        ]
        if any(cloud.ndim == 3 and len(cloud) > 1 for cloud in one.clouds.values()):
            sentences[-1] += (
                "; ideal = isotropic samples whose views agree; unrelated = isotropic samples with independent views"
            )
            sentences.append("Measures that do not compare views use the first view of each sample")
        yield Text(" ".join(sentence.removesuffix(".") + "." for sentence in sentences), style="dim")
    if len({result.measure for result in results}) < len(CATALOGUE):
        yield _all_measures()


def _all_measures() -> Text:
    return Text(f"Show all {len(CATALOGUE)} measures with --all.", style="dim")


def _title(words: str) -> Text:
    return Text(words, style="bold")


def _shape(cloud: Tensor) -> str:
    *views, N, D = cloud.shape
    return f"{views[0]} views × {N:,} samples × {D:,} dimensions" if views else f"{N:,} samples × {D:,} dimensions"


def _cells(result: MeasureResult, N: int) -> list[str | Text]:
    """Value, verdict, the references that it lies between, and meaning."""
    if result.value is None:
        return [_NOTHING, "", "", "", Text(result.missing or "", style="dim")]
    verdict = Text(result.verdict or ("?" if result.doubt else ""), style=_MARKS.get(result.verdict or "", ""))
    ends = [f"{number(round(result.references[name], 2))} {name}" for name in result.ends or ()]
    drawn = f" (on {result.rows:,} of {N:,} rows)" if result.sampled else ""
    return [number(result.value), verdict, *(ends or ("", "")), result.doubt or result.meaning + drawn]


def _several(found: Sequence[Inspected], console: Console) -> Iterator[Table | Text]:
    results = all_results(found)
    by, why = ranked_by(results)
    overall = mean_ranks(results, by)
    order = sorted(range(len(found)), key=lambda i: (overall[i] is None, overall[i]))
    probes = [probe for probe in PROBES if any(probe in one.probes for one in found)]
    yield _title(f"{len(found)} inputs, ranked without labels") + Text(_by(by, why))
    table = Table("input", "(mean rank)", "(features)", "", "(embeddings)", "", *(f"({p} probe)" for p in probes))
    for i in order:
        one, rank = found[i], overall[i]
        shapes = [cell for group in ("features", "embeddings") for cell in _shape_and_collapse(one, group)]
        accuracies = [f"{100 * one.probes[p]:.1f}%" if p in one.probes else _NOTHING for p in probes]
        table.add_row(one.name, _NOTHING if rank is None else f"{rank:.2f}", *shapes, *accuracies)
    yield table
    by_key = rank_inputs(results)
    for group in ("features", "embeddings"):
        names = [measure for cloud, measure in dict.fromkeys([*_few(by), *by_key]) if cloud == group]
        for some in _chunks(names, min(console.width, _MOST_CHARACTERS) - max(len(one.name) for one in found) - 6):
            yield _title(f"{group} (* marks the best input)")
            table = Table("input", *(f"({measure.replace('_', chr(10))})" for measure in some))
            for i in order:
                cells = [_ranked(results[i].get((group, m)), by_key[group, m][i], by_key[group, m]) for m in some]
                table.add_row(found[i].name, *cells)
            yield table
    yield from _agreement(agreement_with_probes(found))
    if len({measure for one in results for _, measure in one}) < len(CATALOGUE):
        yield _all_measures()


def _few(by: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """The measures to show first: those that inputs are ranked by, if they are few."""
    return by if len(by) <= _FEW_NAMES else ()


def _by(by: Sequence[tuple[str, str]], why: str) -> str:
    """The measures that inputs are ranked by, and why; only a few are named."""
    if not by:
        return ""
    words = ", ".join(f"{measure.replace('_', ' ')} of {cloud}" for cloud, measure in by[:_FEW_NAMES])
    return f" by {words}: {why}" if len(by) <= _FEW_NAMES else f" by {len(by)} measures: {why}"


def _shape_and_collapse(one: Inspected, group: str) -> tuple[str, Text]:
    if group not in one.clouds:
        return _NOTHING, Text("")
    shape = " × ".join(f"{side:,}" for side in one.clouds[group].shape)
    return shape, _collapse(_effective_rank(one.results[group]))


def _chunks(names: Sequence[str], room: int) -> Iterator[list[str]]:
    """Groups of measures whose columns fit into `room` characters."""
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


def _ranked(result: MeasureResult | None, rank: float | None, all_ranks: Sequence[float | None]) -> Text:
    """A value, marked if it is the best."""
    if result is None or result.value is None:
        return Text(_NOTHING, style="dim")
    best = rank is not None and rank == min(r for r in all_ranks if r is not None)
    return Text(number(result.value) + (" *" if best else "  "), style="bold" if best else "")


def _agreement(found: Sequence[Agreement]) -> Iterator[Table | Text]:
    if not found:
        return
    probes = [probe for probe in PROBES if any(a.probe == probe for a in found)]
    yield _title("Do measures agree with labels? Spearman's rank correlation of each measure with probe accuracy")
    table = Table("measure", "of", "good is", *(f"({probe})" for probe in probes), "(n)")
    by_probe = {(a.cloud, a.measure, a.probe): a for a in found}
    for a in found:
        if a.probe == probes[0]:
            others = [by_probe.get((a.cloud, a.measure, probe)) for probe in probes]
            cells = [_NOTHING if b is None else number(round(b.correlation, 2), 2) for b in others]
            table.add_row(a.measure.replace("_", " "), a.cloud, a.direction or "neither", *cells, str(a.n))
    yield table
    n = max(a.n for a in found)
    if n < FEW:
        yield Text(f"With only {n} runs these correlations are unreliable: inspect at least {FEW}.")
