import torch

from eigenview.nets import ConvNet, Encoder, Projector, TextTransformer, TwoTower
from eigenview.nets.vocabulary import END, START


def towers() -> TwoTower:
    torch.manual_seed(0)
    encoder = Encoder(ConvNet(width=4), (0.5,) * 3, (0.25,) * 3)
    text = TextTransformer(vocabulary=20, context=5, width=8, depth=1, heads=2)
    return TwoTower(encoder, Projector(16, 6, hidden=()), text, Projector(8, 6, hidden=()))


IMAGES = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
TOKENS = torch.tensor([[START, 5, END], [START, 6, END], [START, 7, END]])


def test_images_come_first():
    model = towers().eval()
    h, z = model(IMAGES, TOKENS)
    assert h.shape == (1, 3, 16)
    assert z.shape == (2, 3, 6)
    torch.testing.assert_close(h[0], model.encoder(IMAGES))
    torch.testing.assert_close(z[0], model.embed_images(IMAGES))
    torch.testing.assert_close(z[1], model.embed_texts(TOKENS))


def test_gradients_reach_both_towers():
    model = towers()
    model(IMAGES, TOKENS)[1].square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()] == []
