"""YAML as people write it: 1e-3 is a number, as in YAML 1.2, where PyYAML's 1.1 wants 1.0e-3."""

import re
from functools import cache
from typing import Any

from eigenview._errors import UsageError


def read_yaml(text: str, source: str) -> Any:
    """The plain values of a YAML text.

    Args:
        text: YAML.
        source: what to call the text in an error.

    Raises:
        UsageError: it is not YAML.
    """
    import yaml  # not for those who only ask for help

    try:
        return yaml.load(text, _with_numbers(yaml.SafeLoader))
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise UsageError(f"{source} is not YAML: {problem}") from error


def write_yaml(tree: Any) -> str:
    """Plain values as a YAML text that `read_yaml` reads back."""
    import yaml

    return yaml.dump(tree, Dumper=_with_numbers(yaml.SafeDumper), sort_keys=False)


@cache
def _with_numbers(kind: Any) -> Any:
    """A loader or dumper that knows such numbers."""
    ours = type(kind.__name__, (kind,), {})
    ours.add_implicit_resolver(
        "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
    )
    return ours
