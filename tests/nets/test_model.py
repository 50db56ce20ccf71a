import torch
from torch import nn

from eigenview.nets import ConvNet, Encoder, Model, Projector


class Brightness(nn.Module):
    features = 1

    def forward(self, images):
        return images.mean((1, 2, 3))[:, None]


def model(net, D=5):
    encoder = Encoder(net, (0.0,) * 3, (1.0,) * 3)
    return Model(encoder, Projector(encoder.features, D, hidden=(6,)))


def test_views_come_first():
    levels = torch.arange(6).reshape(2, 3) / 10
    h, z = model(Brightness(), D=0)(levels[:, :, None, None, None].expand(2, 3, 3, 4, 4))
    torch.testing.assert_close(h, levels[:, :, None])
    torch.testing.assert_close(z, h)


def test_shapes_of_features_and_embeddings():
    net = model(ConvNet(width=4))
    for images in (torch.rand(3, 2, 3, 8, 8), torch.zeros(3, 2, 3, 8, 8, dtype=torch.uint8)):
        h, z = net(images)
        assert h.shape == (3, 2, 16)
        assert z.shape == (3, 2, 5)


def test_embeddings_are_the_projected_features():
    net = model(ConvNet(width=4)).eval()
    images = torch.rand(2, 4, 3, 8, 8)
    h, z = net(images)
    torch.testing.assert_close(h[1], net.encoder(images[1]))
    torch.testing.assert_close(z[1], net.projector(h[1]))


def test_batch_norm_sees_all_the_views():
    """Two views of opposite brightness: normalised apart each would come out centred, together only both are."""
    net = model(nn.Sequential(nn.BatchNorm2d(3), nn.AdaptiveAvgPool2d(1)), D=0)
    images = torch.rand(2, 16, 3, 4, 4) * 0.1
    images[1] += 0.5
    h, _ = net(images)
    assert h[0].mean() < -0.9
    assert h[1].mean() > 0.9
    assert abs(h.mean()) < 1e-3


def test_gradients_reach_encoder_and_projector():
    net = model(ConvNet(width=4))
    _, z = net(torch.rand(2, 4, 3, 8, 8))
    z.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
