"""What recipe and first batch tell before the first update: alarms, and a picture of some views."""

from eigenview.alarms import alarms_before, alarms_of_drawn_views, alarms_of_views
from eigenview.data import TrainingBatch
from eigenview.plotting import views_picture
from eigenview.runs import Run
from eigenview.training.alarm_log import AlarmLog
from eigenview.training.learner import Learner

PICTURED = 8


def preflight(run: Run, learner: Learner, batch: TrainingBatch, alarms: AlarmLog) -> None:
    """Raises the alarms that need no training, and pictures the views of a few samples.

    Args:
        run: gets the picture.
        learner: not trained yet.
        batch: the first batch.
        alarms: raises what is found.
    """
    recipe = learner.recipe
    v = recipe.views
    of_views = [] if recipe.of_pairs else alarms_of_views(v.K, v.policy)
    found = alarms_before(learner.objective, learner.K, recipe.training.P, learner.D) + of_views
    views = learner.inputs.views(batch)
    if not of_views:
        found += alarms_of_drawn_views(views)
    for alarm in found:
        alarms.raise_alarm(alarm, 0)
    originals = None if batch.cropped else batch.images[:PICTURED]
    views_picture(views[:, :PICTURED].cpu(), originals, run.pictures / "views.png")
