import pytest
import torch

from eigenview.nets import TextTransformer
from eigenview.nets.vocabulary import END, PAD, START


@pytest.fixture
def net() -> TextTransformer:
    torch.manual_seed(0)
    return TextTransformer(vocabulary=20, context=10, width=16, depth=2, heads=4).eval()


def tokens(*texts: list[int], filled_to: int = 0) -> torch.Tensor:
    rows = [[START, *text, END] for text in texts]
    L = max(filled_to, *map(len, rows))
    return torch.tensor([row + [PAD] * (L - len(row)) for row in rows])


def test_a_row_of_features_for_each_text(net):
    assert net(tokens([5, 6], [7])).shape == (2, net.features)


def test_what_texts_are_filled_up_with_changes_nothing(net):
    alone = net(tokens([5, 6, 7]))
    torch.testing.assert_close(net(tokens([5, 6, 7], filled_to=10)), alone)
    torch.testing.assert_close(net(tokens([5, 6, 7], [8] * 7))[:1], alone)


def test_every_piece_and_its_place_count(net):
    rows = net(tokens([5, 6, 7], [6, 5, 7], [5, 6, 8], [9, 6, 7], [5, 6, 7, 7], filled_to=6))
    distances = torch.cdist(rows, rows) + torch.eye(5)
    assert distances.min() > 1e-3


def test_no_piece_sees_those_after_it(net):
    """So the features at the end, alone, are of the whole."""
    seen = {}
    net.blocks[-1].register_forward_hook(lambda module, inputs, output: seen.update(x=output))
    net(tokens([5, 6, 7]))
    before = seen["x"]
    net(tokens([5, 6, 9]))
    torch.testing.assert_close(seen["x"][:, :3], before[:, :3])
    assert (seen["x"][:, 3:] - before[:, 3:]).abs().amax(2).min() > 1e-3


def test_training_and_evaluation_agree(net):
    """There is no dropout, and torch's fast path for evaluation computes the same."""
    texts = tokens([5, 6, 7], [8, 9])
    torch.testing.assert_close(net.train()(texts), net.eval()(texts), atol=1e-5, rtol=1e-5)
    with torch.no_grad():
        torch.testing.assert_close(net.eval()(texts), net.train()(texts), atol=1e-5, rtol=1e-5)


def test_blocks_begin_with_weights_of_their_own(net):
    first, second = (block.linear1.weight for block in net.blocks)
    assert not torch.equal(first, second)


def test_gradients_reach_every_parameter(net):
    net.train()(tokens([5, 6, 7] * 2, [8])).square().sum().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("sizes", [{"width": 0}, {"depth": 0}, {"vocabulary": 0}, {"context": 0}, {"heads": 0}])
def test_sizes_that_cannot_be(sizes):
    with pytest.raises(ValueError, match="at least 1"):
        TextTransformer(**{"vocabulary": 20, **sizes})


def test_heads_share_the_width():
    with pytest.raises(ValueError, match="heads must divide width, but 3 does not divide 16"):
        TextTransformer(20, width=16, heads=3)
