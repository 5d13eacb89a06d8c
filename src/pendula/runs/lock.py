"""A lock on the name of a run, so that two processes do not build up the same one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pendula.errors import RunError

__all__ = ["hold_lock"]


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Keep other processes from building up a run for as long as this one does.

    The lock dies with its process: a run that was killed can be resumed. Where the system has no such locks, nothing is
    locked.

    Args:
        path: Where the run will be. The folder above it exists.

    Raises:
        RunError: If another process holds the lock, or if its file cannot be made.
    """
    file = path.with_name(f".{path.name}.lock")
    descriptor = _acquire(path, file)
    try:
        yield
    finally:
        if descriptor is not None:
            with suppress(OSError):
                file.unlink()
            os.close(descriptor)


def _acquire(path: Path, file: Path) -> int | None:
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # Windows
        return None
    while True:
        descriptor = _open(file)
        try:
            flock(descriptor, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise RunError(
                f"`{path}` must be free: expected nobody at work on it, but it is still being trained by another "
                "process. Wait for it, stop it, or choose another name."
            ) from error
        except OSError:  # a file system without locks
            pass
        # A holder that lets go removes the file: what was opened before that is no lock any more.
        if _is_at(file, descriptor):
            return descriptor
        os.close(descriptor)


def _open(file: Path) -> int:
    try:
        return os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise RunError(
            f"`{file}` must be writable: {error.strerror or error}. Nothing that was there before is lost."
        ) from error


def _is_at(file: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(file.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
