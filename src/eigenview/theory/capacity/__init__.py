"""What the nuclear norm of centroids can reach at P samples, K views and D dimensions."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
