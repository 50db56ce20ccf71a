"""How long one waits for help, and for the import: medians over rounds in which all take turns.

Usage: python benchmarks/startup.py [--write]
"""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import published

ROUNDS = 11
# The command as pip installs it: beside the interpreter, whatever the PATH.
EIGENVIEW = str(Path(sys.executable).with_name("eigenview"))
HELPS = {
    f"eigenview {command} --help".replace("  ", " "): [EIGENVIEW, *command.split(), "--help"]
    for command in ("", "train", "embed", "inspect", "views", "report")
}
IMPORTS = {
    f"python -c '{code}'": [sys.executable, "-c", code] for code in ("pass", "import torch", "import torch, eigenview")
}


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def table() -> str:
    commands = {**HELPS, **IMPORTS}
    for command in commands.values():
        seconds(command)
    taken = [{name: seconds(command) for name, command in commands.items()} for _ in range(ROUNDS)]
    python = "python -c 'pass'"
    lines = ["| command | seconds | above Python alone |", "|---|---|---|"]
    for name in commands:
        above = median(t[name] - t[python] for t in taken)
        lines.append(f"| `{name}` | {median(t[name] for t in taken):.3f} | {above:.3f} |")
    return "\n".join(lines)


def main() -> None:
    parser = published.parser(__doc__, __file__)
    arguments = parser.parse_args()
    text = f"""# Startup time

Medians of {ROUNDS} rounds in which the commands take turns (`python benchmarks/startup.py --write`).

{table()}

{published.made_with()}
"""
    published.publish(text, __file__, arguments.write)


if __name__ == "__main__":
    main()
