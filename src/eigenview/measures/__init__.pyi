from .label_probes import FewShot as FewShot
from .label_probes import label_few_shot as label_few_shot
from .label_probes import label_knn as label_knn
from .label_probes import label_linear as label_linear
from .pairs import PairCosines as PairCosines
from .pairs import pair_cosines as pair_cosines
from .spectra import effective_rank as effective_rank
from .spectra import spectrum as spectrum
