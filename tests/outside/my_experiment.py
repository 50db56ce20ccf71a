"""An experiment of somebody else's, named `my_experiment:FALL`."""

from matplotlib.figure import Figure
from my_recipe import tiny

from eigenview.papers import Experiment, Outcome, claim
from eigenview.papers.experiment import Scale
from eigenview.papers.run_cache import RunCache


def run(scale: Scale, runs: RunCache) -> Outcome:
    """The loss of a tiny run, over its steps."""
    (trained,) = runs([tiny()])
    records = trained.history.steps
    figure = Figure()
    axes = figure.subplots()
    axes.plot([record.step for record in records], [record.value("loss") for record in records])
    axes.set(xlabel="training step", ylabel="loss")
    finite = all(record.loss is not None for record in records)
    found = claim("finite", "The loss of a tiny run stays finite.", f"{len(records)} measurements", holds=finite)
    table = {"step": [record.step for record in records], "loss": [record.value("loss") for record in records]}
    return Outcome(figure, "The loss of a tiny run over its steps.", table, (found,))


FALL = Experiment("outside", "fall", "The loss of a tiny run stays finite", {"smoke": "1 s"}, run)
