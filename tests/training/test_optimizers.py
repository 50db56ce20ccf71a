import io
import math

import pytest
import torch
from torch import nn

from eigenview._errors import UsageError
from eigenview.training.optimizers import build_optimizer

NAMES = ["sgd", "adam", "adamw", "lars"]


class Net(nn.Module):
    """A weight, a bias, a norm, and a parameter that is held fixed."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 4)
        self.norm = nn.BatchNorm1d(4)
        self.fixed = nn.Parameter(torch.ones(2, 2), requires_grad=False)

    def forward(self, x):
        return self.norm(self.linear(x))


def give_gradients(net, seed=0, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    for p in net.parameters():
        if p.requires_grad:
            p.grad = torch.randn(p.shape, generator=generator, dtype=p.dtype) * scale


def build(net, name, lr=0.1, momentum=0.9, weight_decay=0.01):
    return build_optimizer(net, name, lr, momentum, weight_decay)


@pytest.mark.parametrize("name", NAMES)
def test_only_weights_decay(name):
    """With no gradient at all, a decayed parameter shrinks, in its own direction, and no other moves."""
    net = Net()
    with torch.no_grad():
        net.linear.bias.fill_(1.0)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    for p in net.parameters():
        p.grad = torch.zeros_like(p)
    build(net, name).step()
    for key, value in net.state_dict().items():
        assert torch.equal(value, before[key]) == (key != "linear.weight")
    assert net.linear.weight.norm() < before["linear.weight"].norm()


@pytest.mark.parametrize("name", NAMES)
def test_parameters_that_need_no_gradient_are_left_out(name):
    net = Net()
    held = {id(p) for group in build(net, name).param_groups for p in group["params"]}
    assert held == {id(p) for p in (net.linear.weight, net.linear.bias, net.norm.weight, net.norm.bias)}


@pytest.mark.parametrize("name", NAMES)
def test_a_net_without_biases_or_norms(name):
    net = nn.Linear(3, 2, bias=False)
    before = net.weight.clone()
    optimizer = build(net, name)
    give_gradients(net)
    optimizer.step()
    assert not torch.equal(net.weight, before)


@pytest.mark.parametrize("name", NAMES)
def test_state_survives_a_checkpoint_bit_for_bit(name):
    """Three steps, saved and loaded without pickle, then three more: the same weights as six undisturbed."""

    def run(net, optimizer, steps):
        for step in steps:
            give_gradients(net, step)
            optimizer.step()

    torch.manual_seed(0)
    whole = Net()
    start = {key: value.clone() for key, value in whole.state_dict().items()}
    run(whole, build(whole, name), range(6))

    first, second = Net(), Net()
    first.load_state_dict(start)
    saved = build(first, name)
    run(first, saved, range(3))
    file = io.BytesIO()
    torch.save(saved.state_dict(), file)
    file.seek(0)
    second.load_state_dict(first.state_dict())
    loaded = build(second, name)
    loaded.load_state_dict(torch.load(file, weights_only=True))
    run(second, loaded, range(3, 6))
    for key, value in whole.state_dict().items():
        assert torch.equal(second.state_dict()[key], value)


def test_momentum_of_sgd():
    """A constant gradient g moves a bias by lr·g, then by lr·(1 + momentum)·g."""
    net = nn.Linear(1, 1)
    optimizer = build(net, "sgd", lr=0.5, momentum=0.9)
    before = net.bias.item()
    for moved in (0.5 * 2, 0.5 * 2 * (1 + 1.9)):
        net.bias.grad = torch.tensor([2.0])
        optimizer.step()
        assert net.bias.item() == pytest.approx(before - moved, abs=1e-6)


class TestLARS:
    def test_a_step_by_hand(self):
        """‖w‖ = 5, ‖g‖ = 13, decay 1: the rate is .001·5/(13 + 5), and the direction g + w."""
        net = nn.Linear(2, 1)
        with torch.no_grad():
            net.weight.copy_(torch.tensor([[3.0, 4.0]]))
            net.bias.zero_()
        net.weight.grad = torch.tensor([[5.0, 12.0]])
        net.bias.grad = torch.tensor([7.0])
        build(net, "lars", lr=10.0, weight_decay=1.0).step()
        rate = 10 * 0.001 * 5 / 18
        torch.testing.assert_close(net.weight.detach(), torch.tensor([[3 - rate * 8, 4 - rate * 16]]))
        assert net.bias.item() == pytest.approx(-70.0)

    @pytest.mark.parametrize("decay", [0.0, 1e-2])
    def test_steps_follow_the_formula(self, decay):
        """Beside the optimizer, in float64: v ← momentum·v + λ(g + decay·w), w ← w − lr·v, while lr changes."""
        torch.manual_seed(0)
        net = Net().double()
        parameters = [p for p in net.parameters() if p.requires_grad]
        expected = [p.detach().clone() for p in parameters]
        velocity = [torch.zeros_like(p) for p in parameters]
        optimizer = build(net, "lars", momentum=0.8, weight_decay=decay)
        for step, lr in enumerate([1.0, 4.0, 0.3, 2.0]):
            give_gradients(net, step)
            gradients = [p.grad.clone() for p in parameters if p.grad is not None]
            for group in optimizer.param_groups:
                group["lr"] = lr
            for i in range(len(parameters)):
                g, w = gradients[i], expected[i]
                if w.ndim > 1:
                    g = 1e-3 * w.norm() / (g.norm() + decay * w.norm()) * (g + decay * w)
                velocity[i] = 0.8 * velocity[i] + g
                expected[i] = w - lr * velocity[i]
            optimizer.step()
        for p, w in zip(parameters, expected, strict=True):
            torch.testing.assert_close(p.detach(), w, rtol=1e-12, atol=1e-12)

    def test_a_weights_step_does_not_depend_on_the_scale_of_its_gradient(self):
        moved = []
        for scale in (1.0, 1e4):
            torch.manual_seed(0)
            net = nn.Linear(3, 4)
            before = net.weight.detach().clone()
            give_gradients(net, scale=scale)
            build(net, "lars", weight_decay=0.0).step()
            moved.append(net.weight.detach() - before)
        torch.testing.assert_close(moved[0], moved[1])

    def test_weights_at_zero_take_a_plain_step(self):
        net = nn.Linear(3, 4)
        nn.init.zeros_(net.weight)
        net.weight.grad = torch.ones(4, 3)
        build(net, "lars", lr=0.1).step()
        torch.testing.assert_close(net.weight.detach(), torch.full((4, 3), -0.1))


def test_adamw_decays_apart_from_the_gradient():
    """With no gradient, AdamW leaves w·(1 − lr·decay), while Adam takes the decay for a gradient and steps by lr."""
    for name, expected in (("adamw", 2 * (1 - 0.1 * 0.01)), ("adam", 2 - 0.1)):
        net = nn.Linear(1, 1, bias=False)
        nn.init.constant_(net.weight, 2.0)
        net.weight.grad = torch.zeros(1, 1)
        build(net, name).step()
        assert math.isclose(net.weight.item(), expected, rel_tol=1e-5)


def test_an_unknown_rule():
    with pytest.raises(UsageError, match=r"^unknown optimizer 'adamv': did you mean 'adamw?'\?$"):
        build(Net(), "adamv")
