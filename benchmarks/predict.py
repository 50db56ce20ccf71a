"""How long `eigenview predict` takes, and that its memory does not grow with the images.

Usage: python benchmarks/predict.py [--write]

10,000 CIFAR-10 images ($EIGENVIEW_DATA), 8 views of each, at seven strengths; and a fifth of them. About two minutes.
"""

import resource
import subprocess
import sys
import time

import published

DATA = published.real_data()
CALL = "import sys; from eigenview.cli import main; sys.exit(main())"
RUNS = 2


def run(N: int) -> tuple[float, float]:
    """Seconds, and peak MiB, of the whole command."""
    words = [
        "predict",
        str(DATA / "cifar10-train.parquet"),
        "--policy",
        "large",
        "--images",
        str(N),
        "--views",
        "8",
        "--json",
    ]
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", CALL, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    parser = published.parser(__doc__, __file__)
    arguments = parser.parse_args()
    lines = ["| images × views × strengths | seconds | peak MiB |", "|---|---|---|"]
    # The fewest first: what is told of memory is the most of all children so far.
    for N in (2000, 10_000):
        found = [run(N) for _ in range(RUNS)]
        lines.append(f"| {N:,} × 8 × 7 | {min(s for s, _ in found):.0f} | {max(m for _, m in found):.0f} |")
        print(lines[-1], flush=True)
    text = f"""# eigenview predict

The whole command on CIFAR-10 as 8 × 8 pixels (192 directions), with float64 covariances; the faster of {RUNS} runs.
(`python benchmarks/predict.py --write`)

{chr(10).join(lines)}

{published.made_with("torch")}
"""
    published.publish(text, __file__, arguments.write)


if __name__ == "__main__":
    main()
