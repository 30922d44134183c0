# The part of the weights' package that hanbok.gateway.llama.weights uses.
from pathlib import Path

MODEL_NAME: str
EXPECTED_SHA256: str

def chunk_paths() -> list[Path]: ...
