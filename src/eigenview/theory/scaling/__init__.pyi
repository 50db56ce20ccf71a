from .extrapolation import HeldOut as HeldOut
from .extrapolation import held_out as held_out
from .fitting import CannotFit as CannotFit
from .fitting import fit_power_law as fit_power_law
from .power_law import PowerLaw as PowerLaw
