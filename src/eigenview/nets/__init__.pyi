from .build import NETS as NETS
from .build import build_net as build_net
from .convnet import ConvNet as ConvNet
from .encoder import Encoder as Encoder
from .model import Model as Model
from .projector import Projector as Projector
from .resnet import ResNet as ResNet
