"""From texts to the numbers of their pieces."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int64
from torch import Tensor

from eigenview._errors import UsageError

PAD, START, END = 0, 1, 2
SMALLEST = 3 + 256  # the special pieces and every byte
_SPECIAL = ["[pad]", "[start]", "[end]"]


class Vocabulary:
    """A byte-pair vocabulary: in lower case, and of bytes, so that no text is unknown to it.

    Args:
        tokenizer: of the `tokenizers` library, as `Vocabulary.of` makes it.
        context: pieces that a text may have, its start and its end among them; longer ones are cut.
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
        """The vocabulary of the pieces that are most common in some texts: the same for the same texts.

        Args:
            texts: to train it on.
            size: pieces, at most: every byte, three special ones, and what is merged of them.
            context: as above.

        Raises:
            UsageError: `tokenizers` is not installed.
            ValueError: a size below 259, or a context below 3.
        """
        if size < SMALLEST or context < 3:
            raise ValueError(f"a vocabulary needs a size of {SMALLEST} and a context of 3, not {size} and {context}")
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
        """Reads what `save` wrote.

        Raises:
            UsageError: `tokenizers` is not installed, or the file is not such a vocabulary.
        """
        library = _library()
        try:
            tokenizer = library.Tokenizer.from_str(path.read_text(encoding="utf-8"))
        except Exception as error:  # the library raises plain exceptions
            raise UsageError(f"cannot read the vocabulary {path}: {error}") from error
        if not tokenizer.truncation:
            raise UsageError(f"cannot read the vocabulary {path}: it does not say how long a text may be")
        return Vocabulary(tokenizer, tokenizer.truncation["max_length"])

    def save(self, path: Path) -> None:
        """Writes it as JSON, at once or not at all."""
        beside = path.with_name(f".{path.name}.tmp")
        beside.write_text(self._tokenizer.to_str(pretty=True), encoding="utf-8")
        os.replace(beside, path)

    def __len__(self) -> int:
        return self._tokenizer.get_vocab_size()

    def encode(self, texts: Sequence[str]) -> Int64[Tensor, "N L"]:
        """Each text's pieces between a start and an end; the shorter ones are filled up to the longest, at their ends.

        Args:
            texts: at least one.

        Raises:
            ValueError: there is none, or one that is not in a list, whose letters would pass for texts.
        """
        if isinstance(texts, str) or not len(texts):
            raise ValueError(f"texts are a list of at least one, not {texts!r:.60}")
        return torch.tensor([encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))])

    def decode(self, pieces: Int64[Tensor, "L"]) -> str:
        """The text of some pieces, in lower case and without the special ones."""
        return self._tokenizer.decode(pieces.tolist()).strip()


def _library() -> Any:
    """The `tokenizers` library, without threads of its own: workers are forked, and a batch takes it a millisecond."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        import tokenizers
    except ImportError as error:
        raise UsageError("captions need the tokenizers library: pip install 'eigenview[text]'") from error
    return tokenizers
