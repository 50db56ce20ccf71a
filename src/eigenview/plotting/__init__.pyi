from .files import check_plot as check_plot
from .image_grids import neighbours_picture as neighbours_picture
from .image_grids import views_picture as views_picture
from .tables import table_console as table_console
