from .figures import check_figure_path as check_figure_path
from .figures import save_figure as save_figure
from .image_grids import neighbours_picture as neighbours_picture
from .image_grids import views_picture as views_picture
from .tables import Table as Table
from .tables import table_console as table_console
