"""What a worker waits for before it starts: a broker that answers, and topics that are as the settings say."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, Final

from aiokafka.errors import InvalidSessionTimeoutError

from agents import telemetry
from agents.broker_words import hearing, words_of
from agents.settings import Settings
from agents.topics import TopicMismatch, check_topics, create_topics

SAY_SECONDS: Final = 10.0
"""How often a worker says that no broker answers."""
RETRY_SECONDS: Final = 1.0


async def prepare(settings: Settings) -> None:
    """Wait for the broker, saying so once in a while; create missing topics and check all.

    Raises:
        TopicMismatch: topics are not as the settings say.
    """
    said = -SAY_SECONDS
    while True:
        with hearing() as heard:
            try:
                created = await create_topics(settings)
                if created:
                    telemetry.log("info", "topics.created", topics=created)
                wrong = await check_topics(settings)
                break
            except TopicMismatch:
                raise
            except Exception as error:
                if time.monotonic() - said > SAY_SECONDS:
                    said = time.monotonic()
                    _say_unreachable(settings, error, words_of(error, heard))
        await asyncio.sleep(RETRY_SECONDS)
    if wrong:
        raise TopicMismatch("; ".join(wrong))


def _say_unreachable(settings: Settings, error: Exception, reason: str) -> None:
    telemetry.log("warning", "broker.unreachable", brokers=settings.brokers, error=type(error).__name__, reason=reason)


def why_refused(error: BaseException, settings: Settings) -> str:
    """Return why a consumer group does not take a worker, and what to do about it."""
    if isinstance(error, InvalidSessionTimeoutError):
        return (f"the broker does not allow a session of {settings.session_seconds} s: its group.min.session.timeout.ms and "
                "group.max.session.timeout.ms, or FANGFAN_SESSION_SECONDS, must change")  # fmt: skip
    return words_of(error)


async def unless(stop: asyncio.Event, job: Coroutine[Any, Any, None]) -> bool:
    """Do a job, or give it up as soon as ``stop`` is set; tells whether it was done."""
    tasks = [asyncio.create_task(job), asyncio.create_task(stop.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            await tasks[0]
        return tasks[0].done()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
