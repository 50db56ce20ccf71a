"""Byte-pair vocabulary: from texts to token numbers."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int64
from torch import Tensor

from eigenview._errors import UsageError
from eigenview._files import write_text

PAD, START, END = 0, 1, 2
SMALLEST = 3 + 256  # special tokens and bytes
_SPECIAL = ["[pad]", "[start]", "[end]"]


class Vocabulary:
    """A lower-case byte-level BPE vocabulary, which can encode any text.

    Args:
        tokenizer: of the `tokenizers` library, as made by `Vocabulary.of`.
        context: largest number of tokens in a text, including start and end; longer texts are cut.
    """

    def __init__(self, tokenizer: Any, context: int) -> None:
        self.context = context
        self._tokenizer = tokenizer
        self._tokenizer.enable_truncation(context)
        self._tokenizer.enable_padding(pad_id=PAD, pad_token=_SPECIAL[PAD])
        # A caption that says "[end]" does not end there. The file does not hold this setting.
        self._tokenizer.encode_special_tokens = True

    @staticmethod
    def of(texts: Iterable[str], size: int, context: int) -> "Vocabulary":
        """Trains a vocabulary on texts; the same texts give the same vocabulary.

        Args:
            texts: training texts.
            size: largest vocabulary size, including 256 bytes and three special tokens.
            context: largest number of tokens in a text.

        Raises:
            UsageError: `tokenizers` is not installed.
            ValueError: size is below 259, or context is below 3.
        """
        if size < SMALLEST or context < 3:
            raise ValueError(f"size must be at least {SMALLEST} and context at least 3, not {size} and {context}")
        library = _library()
        tokenizer = library.Tokenizer(library.models.BPE())
        tokenizer.normalizer = library.normalizers.Sequence(
            [library.normalizers.NFC(), library.normalizers.Lowercase()]
        )
        tokenizer.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=True)
        tokenizer.decoder = library.decoders.ByteLevel()
        trainer = library.trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=_SPECIAL,
            initial_alphabet=library.pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        tokenizer.post_processor = library.processors.TemplateProcessing(
            single="[start] $A [end]", special_tokens=[("[start]", START), ("[end]", END)]
        )
        return Vocabulary(tokenizer, context)

    @staticmethod
    def load(path: Path) -> "Vocabulary":
        """Loads a vocabulary written by `save`.

        Raises:
            UsageError: `tokenizers` is not installed, or the file is not such a vocabulary.
        """
        library = _library()
        try:
            tokenizer = library.Tokenizer.from_str(path.read_text(encoding="utf-8"))
        except Exception as error:  # the library raises plain exceptions
            raise UsageError(f"cannot read the vocabulary {path}: {error}") from error
        if not tokenizer.truncation:
            raise UsageError(f"cannot read the vocabulary {path}: it does not state the context length")
        return Vocabulary(tokenizer, tokenizer.truncation["max_length"])

    def save(self, path: Path) -> None:
        """Writes the vocabulary as JSON, atomically."""
        write_text(path, self._tokenizer.to_str(pretty=True))

    def __len__(self) -> int:
        return self._tokenizer.get_vocab_size()

    def encode(self, texts: Sequence[str]) -> Int64[Tensor, "N L"]:
        """Token numbers of each text between a start and an end token, padded at the end to the longest text.

        Args:
            texts: at least one.

        Raises:
            ValueError: texts are empty, or a single string, whose letters would count as texts.
        """
        if isinstance(texts, str) or not len(texts):
            raise ValueError(f"texts must be a list of at least one text, not {texts!r:.60}")
        return torch.tensor([encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))])

    def decode(self, pieces: Int64[Tensor, "L"]) -> str:
        """The text of tokens, in lower case and without special tokens."""
        return self._tokenizer.decode(pieces.tolist()).strip()


def _library() -> Any:
    """The `tokenizers` library without its threads: workers are forked, and a batch takes a millisecond anyway."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        import tokenizers
    except ImportError as error:
        raise UsageError("captions need the tokenizers library: pip install 'eigenview[text]'") from error
    return tokenizers
