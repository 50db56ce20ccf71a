"""Augmentation: how strongly images are varied, and random views of them drawn in batches."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
