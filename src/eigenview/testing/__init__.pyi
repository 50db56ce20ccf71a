from .experiments import ExperimentTestCase as ExperimentTestCase
from .measures import MeasureTestCase as MeasureTestCase
from .objectives import ObjectiveTestCase as ObjectiveTestCase
from .ranks import run_on_ranks as run_on_ranks
