import subprocess
import sys

import pytest
import torch

from eigenview._errors import UsageError
from eigenview.nets import Vocabulary
from eigenview.nets.vocabulary import END, PAD, START

TEXTS = ["a red square", "a blue disc", "a red disc", "Ein größeres Dreieck"]


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.of(TEXTS, 300, context=12)


def test_a_text_stands_between_its_start_and_its_end(vocabulary):
    tokens = vocabulary.encode(["a red square", "a"])
    assert tokens.dtype == torch.int64
    assert tokens[:, 0].tolist() == [START, START]
    longer, shorter = tokens.tolist()
    assert longer[-1] == END
    assert shorter[2] == END
    assert set(shorter[3:]) == {PAD}


@pytest.mark.parametrize("text", ["a red square", "größer", "日本語 🙂", "tab\tand newline"])
def test_every_text_comes_back_in_lower_case(text):
    vocabulary = Vocabulary.of(TEXTS, 300, context=64)
    assert vocabulary.decode(vocabulary.encode([text.upper()])[0]) == text.upper().lower()


def test_names_of_special_pieces_are_words_like_any_other(vocabulary, tmp_path):
    vocabulary.save(tmp_path / "tokenizer.json")
    for read in (vocabulary, Vocabulary.load(tmp_path / "tokenizer.json")):
        for name in ("[pad]", "[start]", "[end]"):
            pieces = read.encode([f"red{name}"])[0]
            assert sorted(piece for piece in pieces.tolist() if piece <= END) == [START, END]
            assert read.decode(pieces) == f"red{name}"


@pytest.mark.parametrize("texts", [[], "a red square"])
def test_texts_are_a_list(vocabulary, texts):
    with pytest.raises(ValueError, match="a list of at least one text, not"):
        vocabulary.encode(texts)


def test_common_words_are_one_piece(vocabulary):
    assert vocabulary.encode(["red disc"]).shape == (1, 4)
    assert 259 < len(vocabulary) <= 300


def test_long_texts_are_cut_and_still_end(vocabulary):
    tokens = vocabulary.encode(["zyx " * 50])
    assert tokens.shape == (1, 12)
    assert tokens[0, -1] == END


def test_saved_and_loaded_it_reads_the_same(vocabulary, tmp_path):
    vocabulary.save(tmp_path / "tokenizer.json")
    loaded = Vocabulary.load(tmp_path / "tokenizer.json")
    assert loaded.context == vocabulary.context
    assert torch.equal(loaded.encode(TEXTS), vocabulary.encode(TEXTS))
    assert [path.name for path in tmp_path.iterdir()] == ["tokenizer.json"]


def test_the_same_texts_give_the_same_vocabulary_in_another_process(vocabulary, tmp_path):
    vocabulary.save(tmp_path / "here.json")
    code = (
        "from pathlib import Path; from eigenview.nets import Vocabulary\n"
        f"Vocabulary.of({TEXTS!r}, 300, 12).save(Path({str(tmp_path / 'there.json')!r}))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (tmp_path / "here.json").read_bytes() == (tmp_path / "there.json").read_bytes()


@pytest.mark.parametrize("content", ["not JSON", "{}", '{"version": "1.0", "model": {"type": "BPE"}}'])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(UsageError, match=r"cannot read the vocabulary .*x\.json"):
        Vocabulary.load(tmp_path / "x.json")


def test_sizes_that_cannot_be():
    for size, context in ((258, 10), (300, 2)):
        with pytest.raises(ValueError, match="size must be at least 259 and context at least 3"):
            Vocabulary.of(TEXTS, size, context)


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(UsageError, match=r"pip install 'eigenview\[text\]'"):
        Vocabulary.of(TEXTS, 300, 10)
