from . import capacity as capacity
from . import dynamics as dynamics
from . import information as information
from . import landscape as landscape
from . import scaling as scaling
