import torch

from eigenview.monitor.optimizer_steps import OptimizerSteps
from tests.monitor.loops import Net, batch, sgd


def forward(steps: OptimizerSteps, model: Net) -> None:
    model(batch(0)).square().mean().backward()
    steps.saw_forward = True


def test_optimizers_between_two_forwards_are_one_step_and_those_of_other_models_none():
    ended, model, other = [], Net(), Net()
    steps = OptimizerSteps(model, lambda: ended.append(1))
    handles = steps.hook()
    optimizers = [sgd(model.backbone), sgd(model.projector), sgd(other)]
    for _ in range(3):
        forward(steps, model)
        for optimizer in optimizers:
            optimizer.step()
    assert len(ended) == 3
    optimizers[0].step()  # the same once more, so a step of its own
    assert len(ended) == 4
    for handle in handles:
        handle.remove()
    forward(steps, model)
    optimizers[0].step()
    assert len(ended) == 4


def test_parameters_that_are_replaced_are_the_models_too():
    ended, model = [], Net()
    steps = OptimizerSteps(model, lambda: ended.append(1))
    (handle,) = steps.hook()
    model.projector = torch.nn.Linear(8, 3)
    forward(steps, model)
    sgd(model.projector).step()
    handle.remove()
    assert len(ended) == 1


def test_by_hand_alone_from_the_first_time_on():
    ended, model = [], Net()
    steps = OptimizerSteps(model, lambda: ended.append(1))
    (handle,) = steps.hook()
    optimizer = sgd(model)
    for _ in range(3):
        forward(steps, model)
        optimizer.step()
        steps.step()  # after the first, which the optimizer has just ended
    handle.remove()
    assert len(ended) == 3
    assert OptimizerSteps(None, lambda: None).hook() == []
