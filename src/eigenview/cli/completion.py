"""`eigenview completion`."""

import contextlib
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from eigenview.cli.flags import flag


@dataclass(frozen=True)
class Completion:
    """Print the script by which a shell completes eigenview's commands and flags.

    In bash, `source <(eigenview completion bash)` turns completion on; put it in ~/.bashrc to keep it. In zsh, write
    it to a file `_eigenview` in a folder of $fpath; in fish, to ~/.config/fish/completions/eigenview.fish.
    """

    shell: Annotated[Literal["bash", "zsh", "fish"], tyro.conf.Positional, flag("bash|zsh|fish")]
    """Shell to write the script for."""

    def run(self) -> int:
        """Prints the script."""
        from eigenview.cli.arguments import REGISTRY, all_commands  # which know this command, too

        words = ["--tyro-write-completion", self.shell, "-"]
        with contextlib.suppress(SystemExit):  # which tyro raises when it is done
            tyro.cli(all_commands(), prog="eigenview", args=words, registry=REGISTRY)
        return 0
