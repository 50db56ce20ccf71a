from .effective_rank import effective_rank as effective_rank
from .marchenko_pastur import mean_sqrt as mean_sqrt
from .marchenko_pastur import uniform_percent_error as uniform_percent_error
from .nuclear_norm import nuclear_norm as nuclear_norm
from .singular_values import singular_values as singular_values
from .unit import unit as unit
