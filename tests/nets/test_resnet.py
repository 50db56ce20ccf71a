import pytest
import torch

from eigenview.nets import ResNet


def published_keys(depth):
    """Names of torchvision's state dict without `fc`, by the rule that they follow."""
    convolutions, blocks = {18: (2, (2, 2, 2, 2)), 34: (2, (3, 4, 6, 3)), 50: (3, (3, 4, 6, 3))}[depth]

    def norm(name):
        return [f"{name}.{part}" for part in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")]

    keys = ["conv1.weight", *norm("bn1")]
    for stage, count in enumerate(blocks, start=1):
        for block in range(count):
            prefix = f"layer{stage}.{block}"
            for i in range(1, convolutions + 1):
                keys += [f"{prefix}.conv{i}.weight", *norm(f"{prefix}.bn{i}")]
            if block == 0 and (stage > 1 or depth == 50):
                keys += [f"{prefix}.downsample.0.weight", *norm(f"{prefix}.downsample.1")]
    return keys


@pytest.mark.parametrize("depth", [18, 34, 50])
@pytest.mark.parametrize("stem", ["imagenet", "small"])
def test_names_and_their_order_are_torchvisions(depth, stem):
    assert list(ResNet(depth, stem, width=4).state_dict()) == published_keys(depth)


@pytest.mark.parametrize(("depth", "published"), [(18, 11_689_512), (34, 21_797_672), (50, 25_557_032)])
def test_parameters_are_as_many_as_published_without_the_classifier(depth, published):
    net = ResNet(depth)
    assert sum(p.numel() for p in net.parameters()) == published - 1000 * (net.features + 1)


@pytest.mark.parametrize(("depth", "width", "features"), [(18, 64, 512), (34, 8, 64), (50, 8, 256)])
def test_features_are_those_that_come_out(depth, width, features):
    net = ResNet(depth, "small", width)
    assert net.features == features
    assert net(torch.rand(2, 3, 16, 16)).shape == (2, features)


def test_channels_of_the_images():
    assert ResNet(18, width=4, channels=1)(torch.rand(2, 1, 32, 32)).shape == (2, 32)


@pytest.mark.parametrize(("stem", "sides"), [("imagenet", [16, 8, 4, 2]), ("small", [64, 32, 16, 8])])
def test_resolution_of_each_stage(stem, sides):
    net = ResNet(50, stem, width=2)
    found = []
    for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
        stage.register_forward_hook(lambda module, inputs, output: found.append(output.shape[-1]))
    net(torch.rand(2, 3, 64, 64))
    assert found == sides


def test_bottlenecks_stride_on_their_3x3():
    block = ResNet(50, width=2).layer2[0]
    shapes = []
    for name in ("conv1", "conv2"):
        block.get_submodule(name).register_forward_hook(lambda module, inputs, output: shapes.append(output.shape[2:]))
    block(torch.rand(2, 8, 6, 6))
    assert shapes == [(6, 6), (3, 3)]


def test_a_block_adds_its_shortcut():
    """With the last norm of each block at zero, a stage's later blocks pass positive features on as they are."""
    stage = ResNet(18, "small", width=4).layer1
    for block in stage:
        torch.nn.init.zeros_(block.get_parameter("bn2.weight"))
    x = torch.rand(2, 4, 5, 5)
    torch.testing.assert_close(stage(x), x)


def test_convolutions_start_at_hes_variance():
    weight = ResNet(18).get_parameter("layer4.0.conv2.weight")
    assert weight.std().item() == pytest.approx((2 / (512 * 9)) ** 0.5, rel=0.01)
    assert weight.mean().item() == pytest.approx(0, abs=1e-4)


def test_features_do_not_depend_on_the_memory_layout():
    net = ResNet(18, "small", width=4).eval()
    images = torch.rand(3, 3, 16, 16)
    expected = net(images)
    torch.testing.assert_close(net(images.to(memory_format=torch.channels_last)), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 19}, "depth of a ResNet must be one of 18, 34, 50, not 19"),
        ({"depth": 18, "stem": "smal"}, "unknown stem 'smal': did you mean 'small'"),
        ({"depth": 18, "width": 0}, "width must be at least 1, not 0"),
    ],
)
def test_what_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ResNet(**options)
