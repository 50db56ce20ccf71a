"""What tensors take."""

from typing import TypeGuard
from weakref import WeakSet, finalize

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Memory(TorchDispatchMode):
    """Adds up what tensors take that were made within it and are still there: nothing depends on the machine."""

    def __init__(self) -> None:
        super().__init__()
        self.live = self.peak = 0
        self.seen = WeakSet()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        known = {x.untyped_storage().data_ptr() for x in tree_leaves((args, kwargs)) if _has_storage(x)}
        result = func(*args, **(kwargs or {}))
        for x in tree_leaves(result):
            if _has_storage(x) and x.untyped_storage().data_ptr() not in known:
                self._count(x.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        if storage not in self.seen:
            self.seen.add(storage)
            self.live += storage.nbytes()
            self.peak = max(self.peak, self.live)
            finalize(storage, self._release, storage.nbytes())

    def _release(self, size: int) -> None:
        self.live -= size


def _has_storage(x: object) -> TypeGuard[Tensor]:
    """Forward derivatives that are zero are tensors without any."""
    return isinstance(x, Tensor) and not x._is_zerotensor()
