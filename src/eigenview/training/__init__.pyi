from .loop import train as train
from .operations import flops_of_step as flops_of_step
