"""The tokenizer that a GGUF file carries."""

from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoTokenizer

from hanbok.studio.curate.errors import TokenizerUnreadable


def of_gguf(file: Path) -> Tokenizer:
    """Return it as a fast tokenizer. Raises TokenizerUnreadable."""
    try:
        found = AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise TokenizerUnreadable(path=file, why=type(error).__name__) from error
    backend: Tokenizer = found.backend_tokenizer
    return backend
