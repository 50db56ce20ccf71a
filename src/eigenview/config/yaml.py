"""Read and write YAML in which 1e-3 is a number, as in YAML 1.2; PyYAML implements 1.1, which wants 1.0e-3."""

import re
from functools import cache
from typing import Any

from eigenview._errors import UsageError


def read_yaml(text: str, source: str) -> Any:
    """Parses YAML into plain values.

    Args:
        text: YAML.
        source: name of the text in error messages.

    Raises:
        UsageError: invalid YAML.
    """
    import yaml  # slow to import, and --help needs none

    try:
        return yaml.load(text, _with_numbers(yaml.SafeLoader))
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise UsageError(f"{source} is not YAML: {problem}") from error


def write_yaml(tree: Any) -> str:
    """Writes plain values as YAML that `read_yaml` reads back."""
    import yaml

    return yaml.dump(tree, Dumper=_with_numbers(yaml.SafeDumper), sort_keys=False)


@cache
def _with_numbers(kind: Any) -> Any:
    """A subclass of a loader or dumper that resolves 1e-3 to a float."""
    ours = type(kind.__name__, (kind,), {})
    ours.add_implicit_resolver(
        "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
    )
    return ours
