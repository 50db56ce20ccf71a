"""What the first batch tells before the first update: alarms, and a picture of some views."""

from eigenview.data import TrainingBatch
from eigenview.plotting import views_picture
from eigenview.runs import Run
from eigenview.training.alarm_log import AlarmLog
from eigenview.training.learner import Learner

PICTURED = 8


def preflight(run: Run, learner: Learner, batch: TrainingBatch, alarms: AlarmLog) -> None:
    """Raises the alarms of the first batch's views, and pictures the views of a few samples.

    Args:
        run: gets the picture.
        learner: not trained yet.
        batch: the first batch.
        alarms: raises what is found.
    """
    views = learner.inputs.views(batch)
    alarms.first_batch(views)
    originals = None if batch.cropped else batch.images[:PICTURED]
    views_picture(views[:, :PICTURED].cpu(), originals, run.pictures / "views.png")
