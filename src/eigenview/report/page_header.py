"""What a busy reader sees first: what was trained on what, how it ended, alarms, and whether it was worth it."""

from collections.abc import Iterable
from html import escape
from math import isfinite
from pathlib import Path

from eigenview.plotting.formatting import Number, duration, magnitude, moment, number, points
from eigenview.runs.history import History
from eigenview.runs.probes import ProbeRow
from eigenview.runs.records import AlarmRecord, StartRecord, StepRecord

OUTCOMES = {
    "finished": ("well", "✓ Finished"),
    "interrupted": ("ill", "❚❚ Interrupted: continue with --resume"),
    "non-finite": ("ill", "✕ Stopped: a loss or gradient was not finite"),
}


def title(history: History, run: Path) -> str:
    """The run's name: its objective and data, or its directory where they are not known."""
    start = history.start
    if start is None or start.objective is None or start.data is None:
        return f"Run {run.name}"
    return f"{start.objective} on {start.data.source}"


def header(history: History, run: Path) -> str:
    """How the run ended, what it was, how long it took, and where."""
    kind, outcome = _outcome(history)
    start, last = history.start, history.last
    newest = history.end or last
    facts = [
        f"{number(newest.step)} of {number(start.steps)} steps" if newest and start and start.steps else None,
        f"{number(last.epoch)} epochs" if last and last.epoch is not None else None,
        duration(newest.seconds) if newest and newest.seconds is not None else None,
        f"on {start.hardware}" if start and start.hardware else None,
    ]
    lede = ", ".join(fact for fact in facts if fact) or "Nothing was measured."
    return (
        f'<p class="status {kind}">{escape(outcome)}</p>\n'
        f"<h1>{escape(title(history, run))}</h1>\n"
        f'<p class="lede">{escape(lede)}</p>'
    )


def _outcome(history: History) -> tuple[str, str]:
    if history.start is None:
        return "ill", "✕ Ended before training began"
    if history.end is None:
        how = "" if history.monitored else " (continue it with --resume)"
        return "ill", f"… No end record: still running, or killed{how}"
    outcome = history.end.outcome
    if history.monitored and outcome != "finished":
        return "ill", "❚❚ Interrupted" if outcome == "interrupted" else f"✕ Ended by {outcome}"
    return OUTCOMES.get(outcome, ("ill", outcome))


def alarms(history: History) -> str:
    """Every alarm once, with its newest evidence, or that there was none."""
    if not history.alarms:
        if history.steps:
            return '<p class="calm well">✓ No alarms</p>'
        return '<p class="calm">No alarms, but also no measurements</p>'
    by_name: dict[str, list[AlarmRecord]] = {}
    for alarm in history.alarms:
        by_name.setdefault(alarm.name, []).append(alarm)
    items = (
        f'<li><h3>⚠\N{VARIATION SELECTOR-15} {escape(name)}<span class="when">{_when(found)}</span></h3>'
        f"<p>{escape(found[-1].evidence)}</p>"
        f"<p><strong>Try</strong> {escape(found[-1].advice)}.</p></li>"
        for name, found in by_name.items()
    )
    return '<ul class="alarms" aria-label="Alarms">\n' + "\n".join(items) + "\n</ul>"


def _when(alarms: list[AlarmRecord]) -> str:
    steps = [alarm.step for alarm in alarms]
    if len(steps) == 1:
        return f"at step {number(steps[0])}"
    return f"{len(steps)} times, steps {number(min(steps))} to {number(max(steps))}"


def headline(history: History, rows: list[ProbeRow]) -> str:
    """Raw pixels against features for every probe, and the largest gain in words."""
    if not rows:
        return f'<section class="card"><p class="missing">{_no_probes(history)}</p></section>'
    body = "\n".join(map(_row, rows))
    return f"""<section class="card" aria-labelledby="worth">
<p class="headline" id="worth">{escape(_verdict(rows))}</p>
<table>
<thead><tr><th scope="col">Probe</th><th scope="col"><span class="pixels">◆</span> raw pixels, %</th>
<th scope="col"><span class="features">●</span> features, %</th><th scope="col">gain, points</th>
<th scope="col" class="scale"><span>0</span><span>100%</span></th></tr></thead>
<tbody>
{body}
</tbody>
</table>
<p class="note">{escape(_how_measured(history))}</p>
</section>"""


def _no_probes(history: History) -> str:
    if history.monitored:
        return "A monitor sees no labels, so nothing was probed: judge this run by its curves and its alarms."
    if history.start and not (history.start.data and history.start.data.classes):
        return (
            "The training images have no labels, so there is nothing to probe: "
            "judge this run by its curves and its neighbours."
        )
    if history.end is not None and history.end.outcome == "finished":
        return "The run finished without recording a probe."
    return "Probes run at the end of training, which this run has not reached."


def _verdict(rows: list[ProbeRow]) -> str:
    gains = [row for row in rows if row.gain is not None]
    if not gains:
        return "Only one of raw pixels and features was probed, so the gain is unknown"
    best, worst = max(gains, key=_gain), min(gains, key=_gain)
    if not any(row.clear for row in gains):
        return "No probe shows a clear difference between features and raw pixels"
    if _gain(best) <= 0 or not best.clear:
        return f"Features are worse than raw pixels, by {-_gain(worst):.1f} points ({worst.probe})"
    words = f"Features beat raw pixels by {_gain(best):.1f} points ({best.probe})"
    return f"{words}, but lose {-_gain(worst):.1f} ({worst.probe})" if _gain(worst) < 0 and worst.clear else words


def _gain(row: ProbeRow) -> Number:
    return row.gain or 0.0


def _row(row: ProbeRow) -> str:
    gain = "–" if row.gain is None else points(row.gain)
    kind = "" if row.gain is None or not row.clear else " well" if row.gain > 0 else " ill"
    marks = "".join(
        f'<i class="{name}" style="left:{100 * value:.1f}%"></i>'
        for name, value in (("pixels", row.pixels), ("features", row.features))
        if value is not None
    )
    return (
        f'<tr><th scope="row">{escape(row.probe)}</th>'
        f"<td>{_accuracy(row.pixels, row.pixels_spread)}</td><td>{_accuracy(row.features, row.features_spread)}</td>"
        f'<td class="gain{kind}">{gain}</td><td class="scale" aria-hidden="true"><div>{marks}</div></td></tr>'
    )


def _accuracy(value: Number | None, spread: Number | None) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f} <small>{f'± {100 * spread:.1f}' if spread else ''}</small>"


def _how_measured(history: History) -> str:
    data = history.start.data if history.start else None
    draws, probe = max(record.draws or 1 for record in history.probes), history.probes[-1]
    seen = "training saw, without their labels" if probe.held_out_trained_on else "training never saw"
    notes = [
        f"Accuracy on {number(probe.held_out)} images that {seen}." if probe.held_out else None,
        "kNN uses cosine similarity and k = 10; linear is logistic regression; probes with few labels use the nearest "
        "class mean.",
        f"± is the standard deviation over {draws} draws of the labelled images." if draws > 1 else None,
        f"Random guessing among {data.classes} equally frequent classes gives {number(100 / data.classes)}%."
        if data and data.classes
        else None,
    ]
    return " ".join(note for note in notes if note)


def facts(history: History) -> str:
    """The data, the objective, the nets, and where the loss and the ranks ended."""
    entries = [*_start_facts(history.start), *_last_facts(history.last)]
    found = "\n".join(entry for entry in entries if entry)
    return f'<section class="card facts" aria-label="Facts"><dl>\n{found or _nothing()}\n</dl></section>'


def _start_facts(start: StartRecord | None) -> Iterable[str]:
    if start is None:
        return
    data, sizes = start.data, {"K": start.K, "P": start.P, "D": start.D}
    if data is not None:
        yield _entry(
            "Data",
            f"{number(data.train)} images",
            " × ".join(map(str, data.size)) + " pixels" if data.size else None,
            f"{number(data.captions)} captions, {number(data.vocabulary)} tokens in the vocabulary"
            if data.captions is not None and data.vocabulary is not None
            else None,
            f"{data.classes} classes, for probes only" if data.classes else "no labels",
            f"{number(data.skipped)} skipped" if data.skipped else None,
        )
    known = ", ".join(f"{name} = {size}" for name, size in sizes.items() if size is not None)
    yield _entry("Objective", start.objective, known)
    yield _entry("Parameters", *(f"{magnitude(count)} {net}" for net, count in start.parameters.items() if count))


def _last_facts(last: StepRecord | None) -> Iterable[str]:
    if last is None:
        return
    yield _entry("Loss scale at the end", _or_none(last.value("scale")), "0 collapsed, 1 best")
    ranks = {name: last.value("effective_rank", name) for name in ("features", "embeddings")}
    found = (f"{number(rank)} in {name}" for name, rank in ranks.items() if isfinite(rank))
    yield _entry("Effective rank at the end", *found)


def _nothing() -> str:
    return "<div><dt>Facts</dt><dd>The run ended before it recorded its settings.</dd></div>"


def _or_none(value: Number) -> str | None:
    return number(value) if isfinite(value) else None


def _entry(name: str, first: str | None = None, *more: str | None) -> str:
    """A term and its lines; nothing if the first line is not known."""
    if not first:
        return ""
    small = "".join(f"<small>{escape(line)}</small>" for line in more if line)
    return f"<div><dt>{escape(name)}</dt><dd>{escape(first)}{small}</dd></div>"


def provenance(history: History) -> str:
    """When, where and with what the run was made."""
    start = history.start
    entries: Iterable[str] = (
        ()
        if start is None
        else (
            _entry("Began", moment(start.time if history.began is None else history.began)),
            _entry("Resumed", ", ".join(f"from step {number(step)}" for step in history.resumed)),
            _entry("Hardware", start.hardware),
            _entry("Device and precision", ", ".join(filter(None, (start.device, start.precision)))),
            _entry("Versions", ", ".join(f"{name} {version}" for name, version in start.versions.items())),
        )
    )
    found = "\n".join(entry for entry in entries if entry)
    return f'<section class="card"><h3>Where and when</h3><dl class="list">\n{found or _nothing()}\n</dl></section>'
