from .generalization import GeneralizationTerms as GeneralizationTerms
from .generalization import label_generalization_terms as label_generalization_terms
from .information_terms import InformationTerms as InformationTerms
from .information_terms import information_terms as information_terms
from .local_affine import LocalGaussians as LocalGaussians
from .local_affine import local_gaussians as local_gaussians
from .mixtures import MixtureEntropy as MixtureEntropy
from .mixtures import mixture_entropy as mixture_entropy
