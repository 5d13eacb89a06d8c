"""How long a training has taken."""

import time

__all__ = ["Stopwatch"]


class Stopwatch:
    """Time that passes; or, once some of it is told to have been spent, that alone.

    Args:
        earlier: What earlier sittings took, in seconds.

    Examples:
        >>> watch = Stopwatch(earlier=60.0)
        >>> watch.spend(1.5)
        >>> watch.seconds
        61.5
    """

    def __init__(self, *, earlier: float = 0.0) -> None:
        self._earlier, self._began = earlier, time.monotonic()
        self._spent: float | None = None

    @property
    def seconds(self) -> float:
        """Time up to now, over all sittings, in seconds."""
        return self._earlier + (time.monotonic() - self._began if self._spent is None else self._spent)

    def spend(self, seconds: float) -> None:
        """Count time that was spent on this training alone; the time that passes is then not its own.

        Args:
            seconds: How long.
        """
        self._spent = (self._spent or 0.0) + seconds
