"""Errors of the client library as people read them: what to do stands in the sentence, no name of a Python class alone."""

import re

import pytest
from aiokafka import errors as kafka

from agents.broker_words import words_of

FORESEEN = [
    (kafka.RequestTimedOutError(), "in time"), (kafka.KafkaTimeoutError(), "in time"),
    (kafka.TopicAuthorizationFailedError("alerts"), "ACLs"), (kafka.TransactionalIdAuthorizationFailed(), "ACLs"),
    (kafka.UnknownTopicOrPartitionError(), "fangfan topics create"), (kafka.NotEnoughReplicasError(), "replicas"),
    (kafka.NotLeaderForPartitionError(), "no leader"), (kafka.MessageSizeTooLargeError("1"), "max.message.bytes"),
    (kafka.UnsupportedVersionError(), "upgrade"), (kafka.KafkaConnectionError("Unable to bootstrap"), "FANGFAN_BROKERS"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "words"), FORESEEN, ids=lambda each: type(each).__name__)
def test_an_error_is_a_sentence_that_says_what_to_do(error: Exception, words: str) -> None:
    assert words in words_of(error)
    assert not re.search(r"[a-z](Error|Failed)\b", words_of(error))


def test_an_error_that_nobody_foresaw_keeps_its_words() -> None:
    assert "the broker refuses, see its log (PolicyViolationError: no such names)" == words_of(
        kafka.PolicyViolationError("no such names")
    ).replace("[Error 44] ", "")
