"""`eigenview completion`."""

import contextlib
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from eigenview.cli.flags import flag


@dataclass(frozen=True)
class Completion:
    """Print a shell completion script for eigenview's commands and flags.

    In bash, run `source <(eigenview completion bash)`, or add that line to ~/.bashrc. In zsh, write the script to a
    file `_eigenview` in a folder of $fpath; in fish, write it to ~/.config/fish/completions/eigenview.fish.
    """

    shell: Annotated[Literal["bash", "zsh", "fish"], tyro.conf.Positional, flag("bash|zsh|fish")]
    """Shell that the script is for."""

    def run(self) -> int:
        """Prints the script."""
        from eigenview.cli.arguments import REGISTRY, all_commands  # which know this command, too

        words = ["--tyro-write-completion", self.shell, "-"]
        with contextlib.suppress(SystemExit):  # which tyro raises when it is done
            tyro.cli(all_commands(), prog="eigenview", args=words, registry=REGISTRY)
        return 0
