from . import objectives as objectives
