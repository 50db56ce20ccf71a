"""The loss as a function of the last linear layer: its minima, and which directions collapse."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
