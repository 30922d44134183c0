"""Have the kernel make a file durable, and be told of it on the event loop: no thread of ours takes part.

A thread that syncs needs the interpreter before and after each call of the system, in turns with the event loop, which
costs both of them more than all else that is done for an entry. Linux does the same by itself: io_submit(2) with
IOCB_CMD_FDSYNC. One sync is under way at a time, so this is all of that interface that is needed.
"""

import ctypes
import os
import platform
from asyncio import AbstractEventLoop
from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

Synced: TypeAlias = Callable[[OSError | None], object]

_CALLS: Final = {"x86_64": (206, 207, 209, 208), "aarch64": (0, 1, 2, 4)}
"""Numbers of io_setup, io_destroy, io_submit and io_getevents."""
_FDSYNC: Final = 3
_TELL: Final = 1
"""IOCB_FLAG_RESFD: count up an eventfd when it is done."""


class Syncer(Protocol):
    def sync(self, file: int, synced: Synced) -> None:
        """Begin to make the file's data durable; `synced` is called on the event loop. Raises OSError when this
        cannot even begin. Not before the last one is done.
        """
        ...

    def close(self) -> OSError | None:
        """Call nobody any more. Wait for what is under way, and return why that failed."""
        ...


class _Request(ctypes.Structure):
    """`struct iocb` of linux/aio_abi.h, on machines of little endian."""

    _fields_ = (
        ("data", ctypes.c_uint64),
        ("key", ctypes.c_uint32),
        ("rw_flags", ctypes.c_uint32),
        ("opcode", ctypes.c_uint16),
        ("priority", ctypes.c_int16),
        ("file", ctypes.c_uint32),
        ("buffer", ctypes.c_uint64),
        ("size", ctypes.c_uint64),
        ("offset", ctypes.c_int64),
        ("reserved", ctypes.c_uint64),
        ("flags", ctypes.c_uint32),
        ("told", ctypes.c_uint32),
    )


class _Event(ctypes.Structure):
    """`struct io_event` of the same."""

    _fields_ = (
        ("data", ctypes.c_uint64),
        ("request", ctypes.c_uint64),
        ("result", ctypes.c_int64),
        ("more", ctypes.c_int64),
    )


class KernelSync:
    """Implements Syncer, for one event loop."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        """Ask the kernel. Raises OSError where it does not offer this."""
        numbers = _CALLS.get(platform.machine()) if platform.system() == "Linux" else None
        if numbers is None:
            raise OSError("not on this machine")
        self._setup, self._destroy, self._submit, self._events = map(ctypes.c_long, numbers)
        # None of these waits for anything, so the interpreter need not be given away around them.
        self._call = ctypes.PyDLL(None, use_errno=True).syscall
        self._context = ctypes.c_ulong()
        self._ask(self._setup, ctypes.c_uint(1), ctypes.byref(self._context))
        self._loop = loop
        self._told = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._request = _Request(opcode=_FDSYNC, flags=_TELL, told=self._told)
        self._requests = ctypes.pointer(ctypes.pointer(self._request))
        self._event = _Event()
        self._synced: Synced | None = None
        loop.add_reader(self._told, self._done)

    def sync(self, file: int, synced: Synced) -> None:
        self._request.file = file
        self._ask(self._submit, self._context, ctypes.c_long(1), self._requests)
        self._synced = synced

    def close(self) -> OSError | None:
        self._loop.remove_reader(self._told)
        # The kernel tells of a failure once: whoever syncs the file again hears that all is well.
        error = self._result() if self._synced is not None else None
        self._ask(self._destroy, self._context)
        os.close(self._told)
        return error

    def _done(self) -> None:
        try:
            os.eventfd_read(self._told)
        except BlockingIOError:
            return  # woken for nothing
        error = self._result()
        synced, self._synced = self._synced, None
        if synced is not None:
            synced(error)

    def _result(self) -> OSError | None:
        """Return what became of the one that is under way. Waits for it."""
        one = ctypes.c_long(1)
        while True:
            try:
                self._ask(self._events, self._context, one, one, ctypes.byref(self._event), None)
            except InterruptedError:  # by a signal
                continue
            code = -self._event.result
            return OSError(code, os.strerror(code)) if code else None

    def _ask(self, *request: object) -> None:
        """Call the system. Raises OSError."""
        if self._call(*request) < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
