from .buffer import Sampling as Sampling
from .layout import ViewLayout as ViewLayout
from .lightning import MonitorCallback as MonitorCallback
from .monitor import Monitor as Monitor
