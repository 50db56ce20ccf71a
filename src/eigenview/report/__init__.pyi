from .draw import draw_views as draw_views
from .page import write_page as write_page
from .pictures import neighbours_picture as neighbours_picture
from .pictures import views_picture as views_picture
from .probes import ProbeRow as ProbeRow
from .probes import probe_table as probe_table
