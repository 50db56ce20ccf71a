from .augment import augment as augment
from .augment import augment_cropped as augment_cropped
from .crop import crop_photo as crop_photo
from .crop_boxes import crop_boxes as crop_boxes
from .policy import POLICIES as POLICIES
from .policy import ViewPolicy as ViewPolicy
