from .base import Objective as Objective
from .base import Reference as Reference
from .base import TeacherObjective as TeacherObjective
from .build import build_objective as build_objective
from .infonce import InfoNCE as InfoNCE
from .mmcr import MMCR as MMCR
from .vicreg import VICReg as VICReg
