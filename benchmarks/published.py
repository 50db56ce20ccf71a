"""A benchmark's page: dated, with versions and hardware, printed, and with --write kept beside its script."""

import argparse
import os
import platform
import sys
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch


def parser(doc: str | None, script: str) -> argparse.ArgumentParser:
    """Reads a benchmark's command line, which has --write.

    Args:
        doc: the script's docstring.
        script: its `__file__`.
    """
    read = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    read.add_argument("--write", action="store_true", help=f"also write {_page(script).name} beside this script")
    return read


def publish(text: str, script: str, write: bool) -> None:
    """Prints a page, and writes it if asked to."""
    print(text)
    if write:
        _page(script).write_text(text)


def made_with(*packages: str) -> str:
    """The date, versions of Python and of some packages, and the processor, in a line."""
    versions = ", ".join(f"{name} {_version(name)}" for name in packages)
    return f"{date.today()}; Python {platform.python_version()}{', ' + versions if versions else ''}; {processor()}."


def real_data() -> Path:
    """The folder of real images that $EIGENVIEW_DATA names; without it the benchmark ends in one line."""
    if not os.environ.get("EIGENVIEW_DATA"):
        sys.exit("EIGENVIEW_DATA is not set; set it to the folder of real images")
    return Path(os.environ["EIGENVIEW_DATA"])


def processor() -> str:
    """The processor, its cores, and how torch uses them."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    threads = f"{torch.get_num_threads()} threads, OMP_WAIT_POLICY {os.environ.get('OMP_WAIT_POLICY', 'unset')}"
    return f"{models[0] if models else platform.processor()}, {os.cpu_count()} cores, {threads}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def _page(script: str) -> Path:
    return Path(script).with_suffix(".md")
