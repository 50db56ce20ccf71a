from .batch_norm import BatchNorm as BatchNorm
from .gather import gather as gather
from .ranks import ranks as ranks
from .ranks import require_equal_shapes as require_equal_shapes
from .total import mean_over_ranks as mean_over_ranks
from .total import total as total
from .total import total_symmetric as total_symmetric
