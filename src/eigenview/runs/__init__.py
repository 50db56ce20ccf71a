"""What a run leaves on disk: typed records of its metrics and checkpoints, and their readers and writers."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
