"""What the engines hand over. They have no types of their own; these names at least say what is meant."""

from typing import Any, TypeAlias

Model: TypeAlias = Any
"""A causal language model of transformers, or one that PEFT wraps."""
Tokenizer: TypeAlias = Any
"""A fast tokenizer of transformers."""
Context: TypeAlias = Any
"""What an autograd function keeps from its way forward."""
Plain: TypeAlias = Any
"""A value that can be pickled."""
