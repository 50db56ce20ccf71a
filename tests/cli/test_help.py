"""Each help text can be read alone, and each command's help fits one screen."""

import dataclasses
import subprocess
import sys

import pytest

import eigenview
from eigenview.cli import main
from eigenview.cli.arguments import COMMANDS
from eigenview.cli.spelling import flags_of
from eigenview.cli.train import Train

SCREEN = 40
ROOT = ["--help"]


def help_of(words: list[str], capsys, monkeypatch) -> str:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code in (0, None)
    return capsys.readouterr().out


@pytest.mark.parametrize("words", [ROOT, *([name, "--help"] for name in COMMANDS)], ids=" ".join)
def test_help_fits_one_screen(words, capsys, monkeypatch):
    printed = help_of(words, capsys, monkeypatch).splitlines()
    assert len(printed) <= SCREEN
    assert all(len(line) <= 80 for line in printed[1:])


def documented(command: type) -> dict[str, str]:
    """The docstring of each field, of the recipe's too, as tyro finds them."""
    from tyro._docstrings import get_field_docstring

    found = {}
    for field in dataclasses.fields(command):
        if dataclasses.is_dataclass(field.type) and isinstance(field.type, type):
            found |= {f"{field.name}.{name}": text for name, text in documented(field.type).items()}
        else:
            found[field.name] = get_field_docstring(command, field.name, ()) or ""
    return found


@pytest.mark.parametrize("command", [*COMMANDS.values(), eigenview.Recipe])
def test_every_help_text_is_a_sentence(command):
    for field, text in documented(command).items():
        if field == "settings":
            continue
        assert text[:1].isupper() or text[:1] == "`", f"{field}: {text!r}"
        assert text.endswith((".", "…")), f"{field}: {text!r}"
        assert text.split()[0] not in ("Of", "Whose", "Which.", "The run."), f"{field}: {text!r}"


@pytest.mark.parametrize("command", COMMANDS.values())
def test_every_command_says_what_it_does_in_a_sentence(command):
    first = command.__doc__.partition("\n")[0]
    assert first[:1].isupper()
    assert first.endswith(".")
    assert len(first) <= 80


def test_all_flags_are_shown_and_none_else(capsys, monkeypatch):
    """Flags are found from the command's types, so tyro must agree on what they are."""
    for name, command in COMMANDS.items():
        shown = help_of([name, "--help-all"], capsys, monkeypatch)
        flags = {word.strip("│, ") for word in shown.split() if word.startswith("--")} - {"--help", "--out."}
        ours = {f"--{flag}" for flag in flags_of(command)}
        assert ours <= flags, ours - flags


def test_train_shows_the_fields_flags_first_and_the_recipe_on_demand(capsys, monkeypatch):
    short = help_of(["train", "--help"], capsys, monkeypatch)
    everything = help_of(["train", "--help-all"], capsys, monkeypatch)
    for flag in flags_of(Train):
        assert f"--{flag}" in short
    assert "--training.P" not in short
    assert "--training.P" in everything
    assert everything.index("--batch-size") < everything.index("--training.P")


def test_help_all_shows_the_defaults_of_the_chosen_recipe(capsys, monkeypatch):
    shown = help_of(["train", "photos", "--recipe", "gpu", "--help-all"], capsys, monkeypatch)
    assert "(default: resnet50)" in shown


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "eigenview", *words], capture_output=True, text=True, check=False)


def test_the_module_runs_and_tells_its_version():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"eigenview {eigenview.__version__}\n")
    assert run("trian").returncode == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_every_command_and_flag(shell, capsys):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in (*COMMANDS, "batch-size", "training.P"):
        assert word in script


def test_bash_accepts_its_completion(tmp_path, capsys):
    assert main(["completion", "bash"]) == 0
    script = tmp_path / "eigenview.bash"
    script.write_text(capsys.readouterr().out)
    checked = subprocess.run(
        ["bash", "-c", f"source {script} && complete -p eigenview"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
