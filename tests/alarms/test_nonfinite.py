import torch
from torch import nn

from eigenview.alarms import first_not_finite, last_gradient_not_finite, not_finite


def test_what_is_not_finite_names_what_is_kept():
    alarm = not_finite(12, float("nan"), 3.0, weights=False, kept="step-00000010 is kept")
    assert "step 12" in alarm.evidence
    assert "nan" in alarm.evidence
    assert "step-00000010 is kept" in alarm.evidence
    assert "weights" not in alarm.evidence
    assert "weights are not finite" in not_finite(12, 0.5, 3.0, weights=True, kept="").evidence
    assert "first in a.b; kept" in not_finite(1, 0.5, 3.0, weights=True, kept="kept", where="in a.b").evidence


class Overflows(nn.Module):
    def forward(self, x):
        return {"a": x, "b": [x * 1e30 * 1e30]}


class Sum(nn.Module):
    def forward(self, x):
        return x["a"] + x["b"][0]


def test_the_innermost_module_that_comes_first_is_named():
    net = nn.Sequential(nn.Linear(3, 3), nn.Sequential(nn.ReLU(), Overflows()), Sum())
    net.get_parameter("0.bias").data.fill_(2.0)  # weights take away less: something passes the ReLU
    assert first_not_finite({"net": net}, lambda: net(torch.ones(2, 3))) == "net.1.1 (Overflows)"
    assert first_not_finite({"net": net[0]}, lambda: net(torch.ones(2, 3))) is None
    assert not net[0]._forward_hooks
    net.get_parameter("0.weight").data.fill_(torch.inf)
    found = first_not_finite({"net": net}, lambda: net(torch.ones(2, 3)))
    assert found == "net.0 (Linear, whose weights are not finite)"


def test_gradients_that_are_not_finite_began_nearest_to_the_loss():
    net = nn.Sequential(*(nn.Linear(2, 2) for _ in range(3)))
    net(torch.ones(1, 2)).sum().backward()
    assert last_gradient_not_finite(net.named_parameters()) is None
    for name in ("0.weight", "1.weight"):
        net.get_parameter(name).grad = torch.full((2, 2), torch.nan)
    assert last_gradient_not_finite(net.named_parameters()) == "1.weight"
