"""Where images come from: folders, Parquet, tar shards, the hub or the digits, as one kind of collection."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
