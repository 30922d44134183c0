"""The parent: binds the address, forks the keeper and the workers, replaces those that die, passes signals on.

It runs no thread and no event loop, so that whatever it forks begins clean. Its end of each channel is what a child
lives by: when the foreman dies, its children stop as if they had been told to.
"""

import gc
import logging
import os
import selectors
import signal
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from types import FrameType
from typing import Final

from hanbok.building import guard_of, hider_of, judge_of, sharp_of
from hanbok.core.clock import today
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.http.footprint import keep_together, shrink
from hanbok.http.server import listening
from hanbok.http.serving import Started, url_of
from hanbok.settings.reading import Loaded, load, packed
from hanbok.workers.channel import Channel, Connect, Ready, Reload, Reloaded
from hanbok.workers.children import keep, work

_KEEPER: Final = -1
_DEATHS: Final = 5
"""So many of one place within a minute are too many."""
_MINUTE: Final = 60.0
_SIGNALS_AT_ONCE: Final = 4096
_PATIENCE: Final = 15.0
"""Seconds beyond the time for draining after which a child that does not stop is killed."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_log = logging.getLogger("hanbok.foreman")


class WorkersDie(HanbokError):
    code = "workers_die"
    message = Text(
        ko="프로세스가 1분에 {times}번 넘게 죽어 서버를 멈춥니다: {who}",
        en="the server stops, because a process died more than {times} times within a minute: {who}",
    )
    hint = Text(
        ko="서버 로그에서 그 앞의 오류를 보십시오. 메모리가 모자라면 server.workers를 줄이십시오.",
        en="See what the server's log says before it. Where memory is short, lower server.workers.",
    )


@dataclass(slots=True)
class _Child:
    place: int
    """Number of the worker; the keeper has one below all."""
    pid: int
    channel: Channel
    ready: bool = False


@dataclass(slots=True)
class Foreman:
    loaded: Loaded
    count: int
    announce: Callable[[Started], None]
    _listening: list[socket.socket] = field(init=False)
    _children: dict[int, _Child] = field(default_factory=dict[int, "_Child"])
    """By place."""
    _deaths: dict[int, deque[float]] = field(default_factory=dict[int, "deque[float]"])
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _keeper_said: Ready | None = None
    _announced: bool = False
    _stopping: bool = False
    _kill_at: float = float("inf")
    _failed: int = 0
    _offered: deque[Loaded] = field(default_factory=deque[Loaded])
    """Settings that the keeper is looking at, in the order in which it answers."""

    def run(self) -> Callable[[], None] | None:
        """Return when all children have ended; in a child, return what it is to do. Raises HanbokError."""
        self._listening = listening(self.loaded.settings.server)
        self._share()
        wakeup, woken = socket.socketpair()
        for one in (wakeup, woken):
            one.settimeout(0)
        for number in _SIGNALS:
            signal.signal(number, _noted)
        before = signal.set_wakeup_fd(wakeup.fileno())
        self._selector.register(woken, selectors.EVENT_READ)
        try:
            duty = self._fork(_KEEPER) or self._watch(woken)
        finally:
            signal.set_wakeup_fd(before)
            wakeup.close()
            woken.close()
            self._selector.close()
        return duty

    def _share(self) -> None:
        """Load now what every child needs: the pages are theirs too."""
        settings = self.loaded.settings
        sharp_of(settings, guard_of(settings, settings.state / "cache"), settings.state / "cache")
        judge_of(self.loaded, today())
        hider_of(settings)  # its key, where the settings name none: pseudonyms are the same in every worker
        gc.collect()
        gc.freeze()

    def _watch(self, woken: socket.socket) -> Callable[[], None] | None:
        """Do what signals and children say until no child is left; in a new child, return at once."""
        while self._children:
            for key, _ in self._selector.select(max(0.0, min(self._kill_at - monotonic(), _MINUTE))):
                told = key.fileobj is woken
                duty = self._heed(set(woken.recv(_SIGNALS_AT_ONCE))) if told else self._hear(key.data)
                if duty is not None:
                    return duty
            if monotonic() >= self._kill_at:
                self._signal(signal.SIGKILL)
        if self._failed:
            raise SystemExit(self._failed)
        return None

    def _heed(self, signals: set[int]) -> Callable[[], None] | None:
        if signals & {signal.SIGTERM, signal.SIGINT}:
            self._stop()
        if signal.SIGHUP in signals:
            self._reload()
        return self._bury() if signal.SIGCHLD in signals else None

    def _hear(self, child: _Child) -> Callable[[], None] | None:
        if child.channel.socket.fileno() < 0:
            return None  # buried since the selector named it
        messages = child.channel.receive()
        if messages is None:
            self._selector.unregister(child.channel.socket)
            return None
        for message, _ in messages:
            if isinstance(message, Ready):
                child.ready = True
                if child.place == _KEEPER:
                    self._keeper_said = self._keeper_said or message
                    duty = self._fill()
                    if duty is not None:
                        return duty
                self._tell_started()
            elif isinstance(message, Reloaded):
                self._pass_on(done=message.done)
        return None

    def _fill(self) -> Callable[[], None] | None:
        """Fork every worker that is missing, once there is a keeper."""
        keeper = self._children.get(_KEEPER)
        if self._stopping or keeper is None or not keeper.ready:
            return None
        for place in range(self.count):
            if place not in self._children:
                duty = self._fork(place)
                if duty is not None:
                    return duty
        return None

    def _fork(self, place: int) -> Callable[[], None] | None:
        """Fork a child; return in it what it is to do."""
        mine, its = Channel.pair()
        others = [one for one in self._children.values() if one.place != _KEEPER]
        # The keeper gets one end of a new pair for each worker, a worker the other end of its own.
        pairs = [socket.socketpair() for _ in (others if place == _KEEPER else range(1))]
        pid = os.fork()
        if pid == 0:
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            for sibling in self._children.values():
                sibling.channel.close()
            mine.close()
            for _, far in pairs:
                far.close()
            loaded, ends, here = self.loaded, [end for end, _ in pairs], self._listening
            if place == _KEEPER:
                for one in here:
                    one.close()
                return lambda: keep(loaded, its, ends)
            return lambda: work(loaded, its, ends[0], here)
        its.close()
        child = self._children[place] = _Child(place, pid, mine)
        self._selector.register(mine.socket, selectors.EVENT_READ, child)
        partners = others if place == _KEEPER else [self._children[_KEEPER]]
        for partner, (end, far) in zip(partners, pairs, strict=True):
            partner.channel.send(Connect(), far)
            far.close()
            end.close()
        return None

    def _bury(self) -> Callable[[], None] | None:
        """Take note of children that died; put others in their places."""
        for child in list(self._children.values()):
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if not pid:
                continue
            del self._children[child.place]
            if child.channel.socket in self._selector.get_map():
                self._selector.unregister(child.channel.socket)
            child.channel.close()
            if child.place == _KEEPER and self._offered:
                _log.error("reload lost: the keeper died before it put the settings in force")
                self._offered.clear()
            duty = self._replace(child, os.waitstatus_to_exitcode(status))
            if duty is not None:
                return duty
        if self._stopping and set(self._children) == {_KEEPER}:
            os.kill(self._children[_KEEPER].pid, signal.SIGTERM)
        return None

    def _replace(self, child: _Child, code: int) -> Callable[[], None] | None:
        name = "keeper" if child.place == _KEEPER else f"worker {child.place}"
        if self._stopping:
            self._failed = self._failed or max(code, 0)
            return None
        if not self._announced:
            # Its own words are on the terminal already.
            self._failed = code if code > 0 else 1
            self._stop()
            return None
        _log.error("%s died (%d) and is replaced", name, code)
        deaths = self._deaths.setdefault(child.place, deque(maxlen=_DEATHS))
        if len(deaths) == _DEATHS and monotonic() - deaths[0] < _MINUTE:
            error = WorkersDie(times=_DEATHS, who=name)
            _log.error("%s", error)
            self._failed = 1
            self._stop()
            return None
        deaths.append(monotonic())
        return self._fork(_KEEPER) if child.place == _KEEPER else self._fill()

    def _stop(self) -> None:
        """Have the workers drain; the keeper follows when they are gone."""
        if self._stopping:
            return
        self._stopping = True
        self._kill_at = monotonic() + self.loaded.settings.server.drain_timeout + _PATIENCE
        for one in self._listening:
            one.close()
        workers = [child for child in self._children.values() if child.place != _KEEPER]
        for child in workers or self._children.values():
            os.kill(child.pid, signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        for one in self._children.values():
            os.kill(one.pid, number)
        self._kill_at = float("inf")

    def _reload(self) -> None:
        """Read the settings once, for all: what the keeper puts in force, the workers get."""
        keeper = self._children.get(_KEEPER)
        if self._stopping or keeper is None:
            return
        try:
            offer = load(self.loaded.source)
        except HanbokError as error:
            # The old settings stay in force: a slip in the file must not stop a running door.
            _log.error("reload refused: %s", error)
            return
        self._offered.append(offer)
        keeper.channel.send(Reload(packed(offer)))

    def _pass_on(self, *, done: bool) -> None:
        offer = self._offered.popleft()
        if not done:
            return
        self.loaded = offer
        for one in self._children.values():
            if one.place != _KEEPER:
                one.channel.send(Reload(packed(self.loaded)))

    def _tell_started(self) -> None:
        said = self._keeper_said
        if self._announced or said is None:
            return
        if len(self._children) <= self.count or not all(one.ready for one in self._children.values()):
            return
        self._announced = True
        port = int(self._listening[0].getsockname()[1])
        url = url_of(self.loaded.settings.server, port)
        self.announce(Started(url=url, first_key=said.first_key, notices=said.notices))
        shrink()


def serve_by_many(loaded: Loaded, count: int, announce: Callable[[Started], None]) -> None:
    """Serve with so many workers until a signal says stop. Raises HanbokError when it cannot start."""
    keep_together()
    duty = Foreman(loaded, count, announce).run()
    if duty is not None:
        duty()


def _noted(number: int, frame: FrameType | None) -> None:
    """Do nothing: the number comes by the wakeup socket."""
