"""See what a self-supervised model is learning: before, during and after training."""

import lazy_loader

from eigenview._version import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
