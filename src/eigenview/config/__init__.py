"""Recipes: the description of a run, its sections, the built-in ones, and reading them from YAML."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
