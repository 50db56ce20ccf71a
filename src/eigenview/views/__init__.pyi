from .augment import augment as augment
from .augment import augment_cropped as augment_cropped
from .boxes import crop_boxes as crop_boxes
from .photo import crop_photo as crop_photo
from .policy import POLICIES as POLICIES
from .policy import ViewPolicy as ViewPolicy
