"""Shared by all tests: one real Kafka for the session, started when the first test asks for it."""

import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.policy_files import load_policy
from fangfan.broker import EmbeddedBroker
from streams.policy import Policy

ROOT = Path(__file__).resolve().parent.parent

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts the tests in its background has them ignore Ctrl-C, and with them every command they interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy(ROOT / "policy" / "shanxi.toml")


@pytest.fixture(scope="session")
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as embedded:
        yield embedded


@pytest.fixture
def topic_prefix() -> str:
    return f"t{uuid.uuid4().hex[:8]}-"
