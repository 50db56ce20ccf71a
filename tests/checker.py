"""What checks the types of calls in tests: beartype, with an int where a float is asked for, as pyright has it.

Without it a list of floats with an int in it passes or fails by chance: beartype looks at one item, drawn anew.
"""

from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
