"""What an error of the client library means to whoever typed a command."""

from aiokafka.errors import KafkaConnectionError


def words_of(error: Exception) -> str:
    """Return a sentence about an error: its kind where it has no words of its own."""
    if isinstance(error, KafkaConnectionError):
        return "no broker answers"
    words = str(error).partition("\n")[0].strip()
    return words if words and words != type(error).__name__ else f"the broker answers {type(error).__name__}"
