from .lightning import MonitorCallback as MonitorCallback
from .monitor import Monitor as Monitor
