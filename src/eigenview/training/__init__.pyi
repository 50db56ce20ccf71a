from .flops import flops_of_step as flops_of_step
from .train import train as train
