"""YAML as people write it: 1e-3 is a number, as in YAML 1.2, where PyYAML's 1.1 wants 1.0e-3."""

import re
from typing import Any

import yaml

from eigenview._errors import UsageError


class _Loader(yaml.SafeLoader):
    pass


class _Dumper(yaml.SafeDumper):
    pass


for _reads_or_writes in (_Loader, _Dumper):
    _reads_or_writes.add_implicit_resolver(
        "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
    )


def read_yaml(text: str, source: str) -> Any:
    """The plain values of a YAML text.

    Args:
        text: YAML.
        source: what to call the text in an error.

    Raises:
        UsageError: it is not YAML.
    """
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise UsageError(f"{source} is not YAML: {problem}") from error


def write_yaml(tree: Any) -> str:
    """Plain values as a YAML text that `read_yaml` reads back."""
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False)
