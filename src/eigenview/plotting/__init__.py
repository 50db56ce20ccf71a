"""Style, axes, figures, image grids and tables, shared by papers, reports, predictions and inspections."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
