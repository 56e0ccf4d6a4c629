"""What an error of the client library means to whoever runs a command or a worker, and what to do about it."""

import contextlib
import logging
import socket
import ssl
from collections.abc import Iterator
from typing import Final

from aiokafka import errors as kafka

Sentences = tuple[tuple[tuple[type[BaseException], ...], str], ...]
_OF_CONNECTING: Final[Sentences] = (
    ((socket.gaierror,), "no broker answers: no such host, check FANGFAN_BROKERS"),
    ((ConnectionRefusedError,), "no broker answers: nothing listens there, start it or check FANGFAN_BROKERS"),
    (
        (ssl.SSLCertVerificationError,),
        "the broker's certificate is not trusted: check FANGFAN_SSL_CA_FILE, and that FANGFAN_BROKERS names the host as the "
        "certificate does",
    ),
    ((ssl.SSLError,), "no TLS with the broker: check FANGFAN_SECURITY_PROTOCOL and the files of FANGFAN_SSL_*"),
    (
        (kafka.SaslAuthenticationFailed, kafka.AuthenticationFailedError),
        "the broker refuses user name or password: check FANGFAN_SASL_USERNAME and FANGFAN_SASL_PASSWORD",
    ),
    (
        (kafka.UnsupportedSaslMechanismError, kafka.AuthenticationMethodNotSupported),
        "the broker does not take this FANGFAN_SASL_MECHANISM",
    ),
    ((kafka.IllegalSaslStateError,), "the broker wants no password there: check FANGFAN_SECURITY_PROTOCOL and FANGFAN_BROKERS"),
    (
        (kafka.KafkaConnectionError, ConnectionResetError),
        "the broker hangs up: check FANGFAN_SECURITY_PROTOCOL (does it want TLS, a password?) and FANGFAN_BROKERS",
    ),
)
"""By what kept a client from connecting, the narrowest first."""
_NOBODY: Final = "no broker answers: start it, or check FANGFAN_BROKERS and FANGFAN_SECURITY_PROTOCOL"
_OF_ANSWERS: Final[Sentences] = (
    (
        (kafka.RequestTimedOutError, kafka.KafkaTimeoutError, TimeoutError),
        "no broker answers in time: look whether brokers are down or overloaded, then try again",
    ),
    (
        (
            kafka.TopicAuthorizationFailedError, kafka.GroupAuthorizationFailedError, kafka.ClusterAuthorizationFailedError,
            kafka.TransactionalIdAuthorizationFailed,
        ),
        "this user may not do that: the brokers' ACLs must allow the topics, the group and the transactional ids",
    ),
    ((kafka.UnknownTopicOrPartitionError,), "a topic is missing: create it with fangfan topics create"),
    (
        (kafka.NotEnoughReplicasError, kafka.NotEnoughReplicasAfterAppendError),
        "too few replicas are up: restore the brokers, then try again",
    ),
    (
        (
            kafka.NodeNotReadyError, kafka.BrokerNotAvailableError, kafka.LeaderNotAvailableError,
            kafka.NotLeaderForPartitionError, kafka.GroupCoordinatorNotAvailableError, kafka.NotCoordinatorForGroupError,
            kafka.NotControllerError,
        ),
        "the brokers have no leader for it at the moment: try again, and look at the brokers if it stays so",
    ),
    (
        (kafka.MessageSizeTooLargeError, kafka.RecordListTooLargeError, kafka.RecordTooLargeError),
        "a record is larger than the broker takes (max.message.bytes of its topic)",
    ),
    (
        (kafka.IncompatibleBrokerVersion, kafka.UnrecognizedBrokerVersion, kafka.UnsupportedVersionError),
        "the broker is of a release that does not know what is asked of it: upgrade it",
    ),
)  # fmt: skip


class Connecting(logging.Handler):
    """Hears why a client could not connect: what the library raises in the end says only that it could not."""

    cause: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the error of the last line that has one."""
        found = record.args[-1] if isinstance(record.args, tuple) and record.args else None
        if isinstance(found, BaseException):
            self.cause = found


@contextlib.contextmanager
def hearing() -> Iterator[Connecting]:
    """Hear what keeps clients from connecting inside."""
    library, heard = logging.getLogger("aiokafka"), Connecting(logging.WARNING)
    library.addHandler(heard)
    try:
        yield heard
    finally:
        library.removeHandler(heard)


def words_of(error: BaseException, heard: Connecting | None = None) -> str:
    """Return a sentence about an error that says what to do; of one that nobody foresaw, its kind and words."""
    if isinstance(error, kafka.KafkaConnectionError):
        return _found(_OF_CONNECTING, heard.cause if heard is not None else None) or _NOBODY
    words = str(error).partition("\n")[0].strip() or type(error).__name__
    if isinstance(error, kafka.KafkaError):
        return _found(_OF_ANSWERS, error) or f"the broker refuses, see its log ({words})"
    return words


def _found(sentences: Sentences, error: BaseException | None) -> str | None:
    return next((words for kinds, words in sentences if isinstance(error, kinds)), None)
