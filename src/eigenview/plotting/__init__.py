"""Style, axes, tables and pictures that everything shown to a person is drawn with."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
