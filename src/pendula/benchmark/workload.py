"""One point of a benchmark's grid: what is computed, on which shapes."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias, get_args

from pendula.errors import ArgumentError
from pendula.nn import Cell

__all__ = ["GATES", "PRECISIONS", "TASKS", "Precision", "Task", "Workload"]

Task: TypeAlias = Literal["step", "forward", "tangent", "free_run"]
Precision: TypeAlias = Literal["float32", "float64"]

TASKS: tuple[Task, ...] = get_args(Task)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
GATES: dict[Cell, int] = {"rnn": 1, "gru": 3, "lstm": 4}
"""How many matrices of hidden_size rows a cell multiplies by its input, and by its state."""

_PASSES: dict[Task, int] = {"step": 3, "forward": 1, "tangent": 3, "free_run": 1}
"""Matrix products for each weight matrix and step: the backward pass takes two, the tangent pass two besides."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """What is computed, on which shapes, on how many threads.

    Attributes:
        task: step is a whole step of training: forward, backward, Adam, with a linear head on the last step's output
            and the squared error; forward is the recurrent stack alone, without gradients; tangent its Jacobian-vector
            product along all its parameters; free_run a closed loop through the head.
        cell: rnn, gru or lstm.
        batch: Sequences.
        time: Steps of each.
        hidden_size: Units in each layer.
        num_layers: How many layers are stacked.
        input_size: Channels.
        precision: float32 or float64.
        threads: At most so many.

    Examples:
        >>> Workload(cell="gru", batch=8).name
        'gru step, batch 8, 50 steps, 64 × 2, float32, 1 thread'
    """

    task: Task = "step"
    cell: Cell = "lstm"
    batch: int = 32
    time: int = 50
    hidden_size: int = 64
    num_layers: int = 2
    input_size: int = 1
    precision: Precision = "float32"
    threads: int = 1

    def __post_init__(self) -> None:
        for name, known in (("task", TASKS), ("cell", tuple(GATES)), ("precision", PRECISIONS)):
            if (value := getattr(self, name)) not in known:
                raise ArgumentError(f"`{name}` must be known: expected one of {', '.join(known)}, got {value}. Choose.")
        for name in ("batch", "time", "hidden_size", "num_layers", "input_size", "threads"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ArgumentError(
                    f"`{name}` must be positive: expected 1 or more, got {value}. Choose such a number."
                )
        if self.task == "free_run" and self.input_size != 1:
            raise ArgumentError(
                f"`input_size` must be 1 in a free run, which feeds one output back: got {self.input_size}. Choose 1."
            )

    @property
    def name(self) -> str:
        """All of it in one line."""
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        shape = f"batch {self.batch}, {self.time} steps, {self.hidden_size} × {self.num_layers}"
        return f"{self.cell} {self.task.replace('_', ' ')}, {shape}, {self.precision}, {threads}"

    @property
    def work(self) -> int:
        """Floating-point operations of the weight matrices' products; gates, head and optimizer are not counted.

        Examples:
            >>> [Workload(cell=cell).work // 10**6 for cell in ("rnn", "gru", "lstm")]
            [118, 355, 474]
            >>> Workload(task="forward").work * 3 == Workload(task="step").work
            True
        """
        inputs = self.input_size + (self.num_layers - 1) * self.hidden_size
        columns = inputs + self.num_layers * self.hidden_size
        products = self.batch * self.time * GATES[self.cell] * self.hidden_size * columns
        return 2 * _PASSES[self.task] * products

    def to_dict(self) -> dict[str, Any]:
        """Give the fields by name.

        Returns:
            Plain values.
        """
        return asdict(self)
