from .batch_norm import SyncBatchNorm as SyncBatchNorm
from .collectives import all_gather as all_gather
from .collectives import all_reduce_sum as all_reduce_sum
from .collectives import all_reduce_sum_symmetric as all_reduce_sum_symmetric
from .collectives import mean_over_ranks as mean_over_ranks
from .collectives import require_equal_shapes as require_equal_shapes
from .collectives import world_size as world_size
