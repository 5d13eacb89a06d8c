"""Values out of a configuration that nobody vouches for, and words for what is wrong with them."""

from dataclasses import dataclass
from typing import Any

from pendula.errors import ModelError

__all__ = ["Values"]

MOST_LAYERS = 256
MOST_UNITS = 65_536
MOST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Values:
    """Takes values out of tables, of the type and size that they must have.

    Attributes:
        source: What messages call the model.

    Examples:
        >>> Values("model.keras").units({"units": 16})
        16
    """

    source: str

    def text(self, table: Any, name: str) -> str:
        """Give a short text.

        Args:
            table: Where it stands.
            name: Its name.

        Returns:
            The text.

        Raises:
            ModelError: If there is none.
        """
        value = table.get(name) if isinstance(table, dict) else None
        if not isinstance(value, str) or len(value) > MOST_TEXT:
            raise self._damaged(name, "a short text")
        return value

    def table(self, table: Any, name: str) -> dict[str, Any]:
        """Give a table within a table.

        Args:
            table: Where it stands.
            name: Its name.

        Returns:
            The inner table.

        Raises:
            ModelError: If there is none.
        """
        value = table.get(name) if isinstance(table, dict) else None
        if not isinstance(value, dict):
            raise self._damaged(name, "a table")
        return value

    def layers(self, table: dict[str, Any]) -> list[dict[str, Any]]:
        """Give the list of layers.

        Args:
            table: Where it stands.

        Returns:
            The layers, as tables.

        Raises:
            ModelError: If there is none, or an immense one.
        """
        value = table.get("layers")
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise self._damaged("layers", "a list of layers")
        if len(value) > MOST_LAYERS:
            raise self._damaged("layers", f"at most {MOST_LAYERS} layers")
        return value

    def units(self, config: dict[str, Any]) -> int:
        """Give the size of a layer.

        Args:
            config: Of the layer.

        Returns:
            How many units it has.

        Raises:
            ModelError: If there is no such number, or an immense one.
        """
        value = config.get("units")
        if type(value) is not int or not 1 <= value <= MOST_UNITS:
            raise self._damaged("units", f"a whole number from 1 to {MOST_UNITS}")
        return value

    def kind(self, layer: Any) -> str:
        """Name a layer's class; one that is not Keras's own is refused, whatever it calls itself.

        Args:
            layer: The layer's table.

        Returns:
            Such as LSTM.

        Raises:
            ModelError: If the class is somebody's own.
        """
        kind = self.text(layer, "class_name")
        module, registered = layer.get("module"), layer.get("registered_name")
        is_own = module is None or str(module).split(".")[0] in {"keras", "tf_keras"}
        if is_own and registered in {None, kind}:
            return kind
        raise self.refusal(
            f"{self.named(kind, layer.get('config'))}, a class of its author's",
            "Its code is not Keras's and was not run; build the model of Keras's own layers.",
        )

    def named(self, kind: str, config: Any) -> str:
        """Name a layer as its author would recognize it.

        Args:
            kind: Its class.
            config: Of the layer.

        Returns:
            Class and name.
        """
        name = config.get("name", "") if isinstance(config, dict) else ""
        return f"{kind[:MOST_TEXT]} `{str(name)[:MOST_TEXT]}`"

    def refusal(self, got: str, advice: str) -> ModelError:
        """Make the error for a network that Pendula does not have.

        Args:
            got: What is not among Pendula's, and in which layer.
            advice: What is.

        Returns:
            The error, to raise.
        """
        return ModelError(
            f"`{self.source}` must be a network that Pendula has: expected SimpleRNN, GRU or LSTM layers and Dense "
            f"ones after them, got {got}. {advice}"
        )

    def _damaged(self, name: str, expected: str) -> ModelError:
        return ModelError(
            f"`{self.source}` must be a model of Keras: expected `{name}` to be {expected}, got something else. The "
            "file is damaged, or was not written by Keras."
        )
