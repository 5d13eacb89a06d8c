"""Problems made by a rule: sequences whose answer lies far in their past."""

from pendula.tasks.long_memory import PROBLEMS, LongMemory, long_memory
from pendula.tasks.sequences import Sequences

__all__ = ["PROBLEMS", "LongMemory", "Sequences", "long_memory"]
