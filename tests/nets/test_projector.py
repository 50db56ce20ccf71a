import pytest
import torch
from torch import nn

from eigenview.nets import Projector


def kinds(projector):
    return [type(module) for module in projector]


@pytest.mark.parametrize("hidden", [(), (12,), (12, 10), (12, 10, 8, 9)])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_depth_and_width(hidden, batch_norm):
    projector = Projector(6, 5, hidden, batch_norm)
    linear = [module for module in projector if isinstance(module, nn.Linear)]
    assert [(m.in_features, m.out_features) for m in linear] == list(zip((6, *hidden), (*hidden, 5), strict=True))
    norms = [module for module in projector if isinstance(module, nn.BatchNorm1d)]
    assert [norm.num_features for norm in norms] == list(hidden if batch_norm else ())
    assert projector(torch.randn(4, 6)).shape == (4, 5)


def test_a_hidden_layer_is_linear_norm_relu():
    assert kinds(Projector(3, 2, (4,))) == [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Linear]
    assert kinds(Projector(3, 2, (4,), batch_norm=False)) == [nn.Linear, nn.ReLU, nn.Linear]


def test_linear_is_the_matrix_W():
    projector = Projector(6, 5, hidden=())
    h = torch.randn(4, 6)
    assert len(projector) == 1
    W = projector[-1].get_parameter("weight")
    torch.testing.assert_close(projector(h), h @ W.T)


def test_what_comes_before_W():
    projector = Projector(6, 5, hidden=(7,)).eval()
    h = torch.randn(4, 6)
    W = projector[-1].get_parameter("weight")
    torch.testing.assert_close(projector[:-1](h) @ W.T, projector(h))


def test_biases_only_where_they_are_not_lost():
    assert [m.bias is None for m in Projector(6, 5, (4,)) if isinstance(m, nn.Linear)] == [True, True]
    assert [m.bias is None for m in Projector(6, 5, (4,), False) if isinstance(m, nn.Linear)] == [False, True]


def test_no_projector_is_the_identity():
    projector = Projector(6, 0, hidden=(2048,))
    h = torch.randn(4, 6)
    assert projector(h) is h
    assert list(projector.parameters()) == []


@pytest.mark.parametrize(("d_enc", "D", "hidden"), [(0, 5, ()), (6, -1, ()), (6, 5, (4, 0))])
def test_what_cannot_be_is_refused(d_enc, D, hidden):
    with pytest.raises(ValueError, match="positive widths"):
        Projector(d_enc, D, hidden)
