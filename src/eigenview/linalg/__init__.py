"""Linear algebra: nuclear norm, polar factor, log-sum-exp, covariances, singular values, Marchenko–Pastur."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
