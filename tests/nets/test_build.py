import builtins
import sys
from types import ModuleType

import pytest
import torch
from torch import nn

from eigenview._errors import UsageError
from eigenview.nets import NETS, ConvNet, ResNet, build_net


@pytest.mark.parametrize("name", sorted(NETS))
def test_every_name_gives_a_net_that_states_its_features(name):
    net = build_net(name, {"width": 4})
    assert net(torch.rand(2, 3, 32, 32)).shape == (2, net.features)


def test_names_and_options_mean_what_they_say():
    assert isinstance(build_net("ConvNet", {}), ConvNet)
    net = build_net("resnet50", {"stem": "small", "width": 8})
    assert isinstance(net, ResNet)
    assert net.features == 256
    assert net.conv1.kernel_size == (3, 3)


def test_import_path():
    net = build_net("torch.nn:Linear", {"in_features": 3, "out_features": 2})
    assert isinstance(net, nn.Linear)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("resnet19", {}, r"^unknown encoder 'resnet19': did you mean 'resnet18'\?$"),
        ("resnet18", {"widht": 4}, r"^encoder 'resnet18' has no option 'widht': did you mean 'width'\?$"),
        ("resnet18", {"depth": 34}, "depth"),
        ("resnet18", {"stem": "tiny"}, "^encoder 'resnet18': unknown stem 'tiny': choose from imagenet, small$"),
        ("convnet", {"width": 0}, "^encoder 'convnet': width must be at least 1, not 0$"),
        ("no_such_package:Net", {}, "no_such_package"),
        ("torch.nn:NoSuchNet", {}, "has no 'NoSuchNet'"),
    ],
)
def test_what_cannot_be_is_refused(name, options, message):
    with pytest.raises(UsageError, match=message):
        build_net(name, options)


def test_timm_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UsageError, match=r"^encoder 'timm:vit_tiny' needs timm: pip install 'eigenview\[timm\]'$"):
        build_net("timm:vit_tiny", {})


class Timm(ModuleType):
    """The three functions of timm that are called, over one net."""

    def is_model(self, name):
        return name in self.list_models()

    def list_models(self):
        return ["vit_tiny_patch16_224", "convnext_atto"]

    def create_model(self, name, pretrained, num_classes, width=7):
        assert not pretrained
        assert num_classes == 0
        return nn.Conv2d(3, width, 1)


@pytest.fixture
def timm(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", Timm("timm"))


@pytest.mark.usefixtures("timm")
def test_timm_net_without_classifier_or_download():
    assert build_net("timm:convnext_atto", {"width": 3}).weight.shape == (3, 3, 1, 1)


@pytest.mark.usefixtures("timm")
def test_timm_suggests_the_nearest_name():
    with pytest.raises(UsageError, match=r"^unknown encoder 'timm:convnext_ato': did you mean 'convnext_atto'\?$"):
        build_net("timm:convnext_ato", {})


@pytest.mark.usefixtures("timm")
def test_timm_option_that_does_not_exist():
    with pytest.raises(UsageError, match=r"^encoder 'timm:convnext_atto': .*'widht'"):
        build_net("timm:convnext_atto", {"widht": 3})


def test_timm_that_does_not_import(monkeypatch):
    """Where timm is there but its torchvision does not fit, that is said, not that timm is missing."""
    real = builtins.__import__

    def broken(name, *rest):
        if name == "timm":
            raise RuntimeError("operator torchvision::nms does not exist")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(UsageError, match=r"^timm cannot be imported: operator torchvision::nms does not exist$"):
        build_net("timm:vit_tiny", {})
