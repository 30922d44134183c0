"""Where a run stands, on disk: what learns, the optimiser, chance, and the step that comes next."""

import os
import pickle
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from hanbok.studio.tune.errors import CheckpointBroken

_KEPT: Final = 2
_NAME: Final = re.compile(r"step-(\d{8})\.pt")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that the rest of a run depends on, besides its data and its plan."""

    step: int
    weights: dict[str, Any]
    optimiser: dict[str, Any]
    chance: dict[str, Any]
    losses: list[float]


class Checkpoints:
    """The newest states of a run, in a folder of marks that is no part of what it makes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def newest(self) -> State | None:
        """Return the newest state, or None. Raises CheckpointBroken."""
        found = self._all()
        if not found:
            return None
        try:
            held = torch.load(found[-1], weights_only=True, map_location="cpu")
            return State(**held)
        except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, TypeError, KeyError) as error:
            raise CheckpointBroken(path=found[-1]) from error

    def keep(self, state: State) -> None:
        """Write a state so that it is whole or absent, and let the oldest go."""
        self._folder.mkdir(parents=True, exist_ok=True)
        half = self._folder / "half"
        with half.open("wb") as file:
            torch.save({name: getattr(state, name) for name in State.__slots__}, file)
            file.flush()
            os.fsync(file.fileno())
        half.rename(self._folder / f"step-{state.step:08d}.pt")
        for old in self._all()[:-_KEPT]:
            old.unlink()

    def _all(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(path for path in self._folder.iterdir() if _NAME.fullmatch(path.name))
