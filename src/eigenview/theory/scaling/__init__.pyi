from .extrapolation import Extrapolation as Extrapolation
from .extrapolation import evaluate_extrapolation as evaluate_extrapolation
from .fitting import FitError as FitError
from .fitting import fit_power_law as fit_power_law
from .power_law import PowerLaw as PowerLaw
