from .batch_norm import BatchNorm as BatchNorm
from .collectives import all_reduce_sum as all_reduce_sum
from .collectives import all_reduce_sum_symmetric as all_reduce_sum_symmetric
from .collectives import mean_over_ranks as mean_over_ranks
from .gather import all_gather as all_gather
from .world import require_equal_shapes as require_equal_shapes
from .world import world_size as world_size
