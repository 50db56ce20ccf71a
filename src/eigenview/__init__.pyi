from . import measures as measures
from . import objectives as objectives
from . import theory as theory
from . import views as views
from ._errors import UsageError as UsageError
from .config import Recipe as Recipe
from .monitor import Monitor as Monitor
from .runs import load as load
from .training import train as train

__version__: str
