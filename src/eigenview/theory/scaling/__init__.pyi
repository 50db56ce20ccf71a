from .fitting import CannotFit as CannotFit
from .fitting import fit_power_law as fit_power_law
from .holding_out import HeldOut as HeldOut
from .holding_out import held_out as held_out
from .laws import PowerLaw as PowerLaw
