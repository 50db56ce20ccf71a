"""What a busy reader sees first: what was trained on what, how it ended, alarms, and whether it was worth it."""

from collections.abc import Iterable
from html import escape
from math import isfinite
from pathlib import Path

from eigenview.plotting.formatting import Number, duration, magnitude, moment, number, points
from eigenview.runs.history import History, Line, value_at
from eigenview.runs.probes import ProbeRow

OUTCOMES = {
    "finished": ("well", "✓ Finished"),
    "interrupted": ("ill", "❚❚ Interrupted: continue with --resume"),
    "non-finite": ("ill", "✕ Stopped: a loss or gradient was not finite"),
}


def title(history: History, run: Path) -> str:
    """The run's name: its objective and data, or its directory where they are not known."""
    source = (history.start.get("data") or {}).get("source")
    objective = history.start.get("objective")
    return f"{objective} on {source}" if objective and source else f"Run {run.name}"


def header(history: History, run: Path) -> str:
    """How the run ended, what it was, how long it took, and where."""
    kind, outcome = _outcome(history)
    start, last = history.start, history.last
    done, planned = history.end.get("step", last.get("step")), start.get("steps")
    seconds, epoch = history.end.get("seconds", last.get("seconds")), last.get("epoch")
    facts = [
        f"{number(done)} of {number(planned)} steps" if done is not None and planned else None,
        f"{number(epoch)} epochs" if epoch is not None else None,
        duration(seconds) if seconds is not None else None,
        f"on {start['hardware']}" if start.get("hardware") else None,
    ]
    lede = ", ".join(fact for fact in facts if fact) or "Nothing was measured."
    return (
        f'<p class="status {kind}">{escape(outcome)}</p>\n'
        f"<h1>{escape(title(history, run))}</h1>\n"
        f'<p class="lede">{escape(lede)}</p>'
    )


def _outcome(history: History) -> tuple[str, str]:
    if not history.start:
        return "ill", "✕ Ended before training began"
    if not history.end:
        how = "" if history.monitored else " (it goes on with --resume)"
        return "ill", f"… No end record: still running, or killed{how}"
    outcome = str(history.end.get("outcome"))
    if history.monitored and outcome != "finished":
        return "ill", "❚❚ Interrupted" if outcome == "interrupted" else f"✕ Ended by {outcome}"
    return OUTCOMES.get(outcome, ("ill", outcome))


def alarms(history: History) -> str:
    """Every alarm once, with its newest evidence, or that there was none."""
    if not history.alarms:
        if history.steps:
            return '<p class="calm well">✓ No alarms</p>'
        return '<p class="calm">No alarms, but nothing was measured either</p>'
    by_name: dict[str, list[Line]] = {}
    for alarm in history.alarms:
        by_name.setdefault(str(alarm.get("name", "alarm")), []).append(alarm)
    items = (
        f'<li><h3>⚠\N{VARIATION SELECTOR-15} {escape(name)}<span class="when">{_when(found)}</span></h3>'
        f"<p>{escape(str(found[-1].get('evidence') or 'No evidence was recorded.'))}</p>"
        f"<p><strong>What to do:</strong> {escape(str(found[-1].get('advice') or 'no advice was recorded.'))}</p></li>"
        for name, found in by_name.items()
    )
    return '<ul class="alarms" aria-label="Alarms">\n' + "\n".join(items) + "\n</ul>"


def _when(alarms: list[Line]) -> str:
    steps = [alarm["step"] for alarm in alarms if alarm.get("step") is not None]
    if not steps:
        return ""
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
    data = history.start.get("data") or {}
    if history.monitored:
        return "A monitor sees no labels, so nothing was probed: judge this run by its curves and its alarms."
    if history.start and not data.get("classes"):
        return (
            "The training images have no labels, so there is nothing to probe: "
            "judge this run by its curves and its neighbours."
        )
    if history.end.get("outcome") == "finished":
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
    probes = [line for line in history.probes if line.get("input") != "embeddings"]
    data, draws = history.start.get("data") or {}, max((line.get("draws") or 1 for line in probes), default=1)
    probe = probes[-1]
    seen = "training saw, without their labels" if probe.get("held_out_trained_on") else "training never saw"
    notes = [
        f"Accuracy on {number(probe['held_out'])} images that {seen}." if probe.get("held_out") else None,
        "kNN by cosine, k = 10; linear is logistic regression; few labels by the nearest class mean.",
        f"± is the spread over {draws} draws of the labelled images." if draws > 1 else None,
        f"Guessing among {data['classes']} equal classes gives {number(100 / data['classes'])}%."
        if data.get("classes")
        else None,
    ]
    return " ".join(note for note in notes if note)


def facts(history: History) -> str:
    """The data, the objective, the nets, and where the loss and the ranks ended."""
    start, last = history.start, history.last
    data, parameters = start.get("data") or {}, start.get("parameters") or {}
    size, classes, skipped = data.get("size"), data.get("classes"), data.get("skipped")
    ranks = {name: value_at(last, "effective_rank", name) for name in ("features", "embeddings")}
    entries = [
        _entry(
            "Data",
            f"{number(data['train'])} images" if data.get("train") is not None else None,
            " × ".join(map(str, size)) + " pixels" if size else None,
            f"{number(data['captions'])} captions of {number(data['vocabulary'])} pieces"
            if "captions" in data
            else None,
            f"{classes} classes, for probes only" if classes else "no labels" if data else None,
            f"{number(skipped)} skipped" if skipped else None,
        ),
        _entry(
            "Objective",
            start.get("objective"),
            ", ".join(f"{name} = {start[name]}" for name in "KPD" if start.get(name) is not None),
        ),
        _entry("Parameters", *(f"{magnitude(count)} {net}" for net, count in parameters.items() if count)),
        _entry("Loss scale at the end", _or_none(value_at(last, "scale")), "0 collapsed, 1 best"),
        _entry(
            "Effective rank at the end",
            *(f"{number(rank)} in {name}" for name, rank in ranks.items() if isfinite(rank)),
        ),
    ]
    found = "\n".join(entry for entry in entries if entry)
    return f'<section class="card facts" aria-label="Facts"><dl>\n{found or _nothing()}\n</dl></section>'


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
    versions = start.get("versions") or {}
    entries: Iterable[str] = (
        _entry("Began", moment(history.began) if history.began else None),
        _entry("Resumed", ", ".join(f"from step {number(step)}" for step in history.resumed)),
        _entry("Hardware", start.get("hardware")),
        _entry("Device and precision", ", ".join(start[key] for key in ("device", "precision") if start.get(key))),
        _entry("Versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
    )
    found = "\n".join(entry for entry in entries if entry)
    return f'<section class="card"><h3>Where and when</h3><dl class="list">\n{found or _nothing()}\n</dl></section>'
