"""Functions with a stored gradient refuse to be differentiated twice."""

import pytest
import torch

from eigenview.linalg import mean_log_sum_exp, nuclear_norm, paired_mean_log_sum_exp

FUNCTIONS = {
    "the nuclear norm": nuclear_norm,
    "a streamed log-sum-exp": lambda x: mean_log_sum_exp(x, x.detach()),
    "a streamed log-sum-exp (paired)": lambda x: paired_mean_log_sum_exp(x.unflatten(0, (2, -1))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_second_derivative_is_refused(name):
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    what = name.removesuffix(" (paired)")
    with pytest.raises(RuntimeError, match=f"^{what} can be differentiated only once: its gradient is computed in the"):
        torch.autograd.grad(FUNCTIONS[name](x), x, create_graph=True)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_first_derivative_is_not(name):
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    FUNCTIONS[name](x).backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
