"""Unknown flags are answered with the nearest, and American and British spellings both parse."""

import pytest

from eigenview.cli import main
from eigenview.cli.arguments import COMMANDS, parse
from eigenview.cli.spelling import in_their_words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("train --batchsize 3", "did you mean --batch-size?"),
        ("train --learning-rate 3", "did you mean --lr?"),
        ("train --learning_rate=3", "did you mean --lr?"),
        ("train --num-workers 3", "did you mean --workers?"),
        ("train --momentum 3", "did you mean --teacher.momentum or --optimizer.momentum?"),
        ("train --training.p-size 3", "did you mean --training."),
        ("train --qqq 3", "--help lists the flags of this command"),
        ("predict --learning-rate 3", "--help lists the flags of this command"),
        ("predict --weightdecay 3", "did you mean --weight-decay?"),
        ("embed a b --ou c", "did you mean --out?"),
        ("inspect a --jason", "did you mean --json?"),
        ("report a --trust-me", "--help lists the flags of this command"),
        ("reproduce --scael cpu", "did you mean --scale?"),
        ("views --polciy large", "did you mean --policy?"),
        ("completion bash --qqq", "--help lists the flags of this command"),
        ("viwes", "unknown command 'viwes': did you mean 'views'?"),
        ("-x", "unknown command '-x'"),
        ("train -x", "-x"),
    ],
)
def test_an_unknown_flag_is_answered_with_the_nearest(words, said, capsys):
    assert main(words.split()) == 2
    message = capsys.readouterr().err
    assert said in message
    assert message.startswith("eigenview: ")
    assert message.count("\n") == 1


def test_every_command_is_tried_above():
    assert set(COMMANDS) == {"train", "predict", "embed", "inspect", "report", "reproduce", "views", "completion"}


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ("--optimiser adamw", "--optimizer adamw"),
        ("--optimiser.lr 0.5", "--optimizer.lr 0.5"),
        ("--views.policy.gray 0.5", "--views.policy.grey 0.5"),
        ("--batch_size=3", "--batch-size 3"),
        ("--training.p 3", "--training.P 3"),
    ],
)
def test_both_spellings_parse(words, same):
    assert parse(["train", *words.split()]) == parse(["train", *same.split()])


def test_a_negative_number_is_not_a_flag(capsys):
    assert main(["train", "--lr", "-0.5"]) == 2
    assert "--lr must be a positive number" in capsys.readouterr().err


def test_errors_name_the_flag_only_where_it_was_typed():
    message = "lower training.P to 3 or less"
    assert in_their_words(message, ["--batch-size", "5"]) == "lower --batch-size to 3 or less"
    assert in_their_words(message, ["--batch-size=5"]) == "lower --batch-size to 3 or less"
    assert in_their_words(message, ["--training.P", "5"]) == message
    assert in_their_words("training.Pace", ["--batch-size", "5"]) == "training.Pace"
