"""Kills a short run with SIGKILL at random moments, resumes it each time, and compares final weights, byte for byte.

    python benchmarks/kill_resume.py [--kills 20] [--seed 0]

Moments are uniform over nine tenths of the undisturbed run: start-up, updates, checkpoints, probes.
"""

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# A kill can fall before `main` is entered as well as after it: the command is the one that users type.
COMMAND = [sys.executable, "-c", "import sys; from eigenview.cli import main; sys.exit(main())", "train"]
SETTINGS = "--encoder.options width=16 --training.steps 60 --training.checkpoint-every 7 --training.measure-every 5"


def command(out: Path) -> list[str]:
    return [*COMMAND, "--out", str(out), "--resume", *SETTINGS.split()]


def weights(out: Path) -> bytes:
    newest = max((out / "checkpoints").glob("step-*"))
    return (newest / "model.safetensors").read_bytes()


def run_with_a_kill(out: Path, after: float) -> int:
    """Starts a run, kills it after some seconds, resumes it; returns the step it went on from."""
    process = subprocess.Popen(command(out), stdout=subprocess.DEVNULL)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    code = process.wait()
    if code not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the run failed with exit code {code}")
    if code == 0:
        # The machine has become faster than it was for the undisturbed run.
        shutil.rmtree(out)
        return run_with_a_kill(out, after / 2)
    whole = [path.name for path in (out / "checkpoints").glob("step-*")] if out.exists() else []
    subprocess.run(command(out), stdout=subprocess.DEVNULL, check=True)
    return int(max(whole).removeprefix("step-")) if whole else 0


def compare(kills: int, seed: int) -> bool:
    """Whether every killed run ended with the undisturbed run's bytes; prints a line each."""
    moments = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run(command(Path(folder) / "undisturbed"), stdout=subprocess.DEVNULL, check=True)
        seconds = time.perf_counter() - start
        expected = weights(Path(folder) / "undisturbed")
        print(f"undisturbed: {seconds:.1f} s, {len(expected):,} bytes of weights")
        same = []
        for kill in range(kills):
            out, after = Path(folder) / f"killed-{kill}", moments.uniform(0, 0.9 * seconds)
            step = run_with_a_kill(out, after)
            same.append(weights(out) == expected)
            verdict = "same" if same[-1] else "DIFFERENT"
            print(f"killed after {after:5.2f} s, resumed from step {step:2d}: {verdict} bytes", flush=True)
    print(f"{sum(same)} of {kills} equal the undisturbed run")
    return all(same)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sys.exit(0 if compare(options.kills, options.seed) else 1)
