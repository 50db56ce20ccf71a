from .alarms import Alarm as Alarm
from .alarms import Watch as Watch
from .alarms import alarms_before as alarms_before
from .alarms import alarms_of_views as alarms_of_views
from .alarms import not_finite as not_finite
from .hooked import Monitor as Monitor
from .lightning import MonitorCallback as MonitorCallback
