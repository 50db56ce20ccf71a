"""What passes through a network: covariances of its features, entropies of mixtures, bounds."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
