"""Settings as options that commands share, and refusals: the environment (prefix ``FANGFAN_``), a flag over it."""

import asyncio
import contextlib
import dataclasses
import functools
import inspect
import os
import signal
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from aiokafka.errors import KafkaError

from agents.broker_words import hearing, words_of
from agents.policy_files import load_version
from agents.settings import GUARANTEES, MECHANISMS, PROTOCOLS, STORE_MIB, Settings, SettingsError, load_settings
from agents.topics import partition_counts
from fangfan.confirming import Unconfirmed
from schemas.fields import parse_instant
from schemas.household import STATE_VERSION
from streams.policies import Version
from streams.policy_parse import PolicyError
from streams.topics import Topic

T = TypeVar("T")
REACH_SECONDS: Final = 10
"""How long a command waits for a broker to answer before it says that none does."""


def _option(name: str, metavar: str, words: str, default: str) -> Any:
    """Return the annotation of a setting's flag: text here, because the settings check it for flag and environment alike."""
    described = typer.Option(
        f"--{name.replace('_', '-')}", envvar=f"FANGFAN_{name.upper()}", metavar=metavar, show_default=False,
        help=f"{words} Default: {default}.",
    )  # fmt: skip
    return Annotated[str | None, described]


_VISIBLE: Final = "Better in the environment: others see flags in the list of processes."
OPTIONS: Final[Mapping[str, Any]] = {
    "brokers": _option("brokers", "HOST:PORT,…", "Kafka brokers.", "127.0.0.1:9092"),
    "topic_prefix": _option("topic_prefix", "TEXT", "Put before all topic names and the consumer group.", "none"),
    "partitions": _option("partitions", "COUNT", "Partitions of every topic.", "12"),
    "replication": _option("replication", "COUNT", "Replicas of every topic.", "1"),
    "retention_days": _option("retention_days", "DAYS", "How long inputs and alerts are kept.", "400"),
    "dead_letter_days": _option("dead_letter_days", "DAYS", "How long dead letters are kept.", "90"),
    "data_dir": _option("data_dir", "FOLDER", "Where the worker keeps its state; one worker a folder.", ".data"),
    "web_host": _option("web_host", "ADDRESS", "Where the web port listens.", "127.0.0.1"),
    "web_port": _option("web_port", "PORT", "/metrics, /healthz, /readyz, /households; 0 = any free port, printed.", "6066"),
    "web_token": _option("web_token", "TEXT", f"Beyond 127.0.0.1, /households wants it as a bearer token. {_VISIBLE}", "none"),
    "policy": _option("policy", "PATH", "Policy file or folder.", "policy/shanxi.toml"),
    "shadow_policy": _option("shadow_policy", "PATH", "Judges beside the policy, to alerts-shadow alone.", "none"),
    "ticks": _option("ticks", "on|off", "Whether time passes for households without reports; all workers alike.", "off"),
    "bad_share": _option("bad_share", "RATIO", "Share of bad records of a topic from which the worker says so.", "0.05"),
    "state_version": _option("state_version", "NUMBER", "How states are stored; see Rolling upgrade.", str(STATE_VERSION)),
    "stall_seconds": _option("stall_seconds", "SECONDS", "A worker that has work and does not move for so long ends.", "120"),
    "store_mib": _option("store_mib", "MIB", "Memory for caches and write buffers of all partitions.", str(STORE_MIB)),
    "standby": _option("standby", "0|1", "Whether to keep the state of other workers' partitions too.", "0"),
    "guarantee": _option("guarantee", "NAME", f"One of {', '.join(GUARANTEES)}.", GUARANTEES[0]),
    "security_protocol": _option("security_protocol", "NAME", f"One of {', '.join(PROTOCOLS)}.", PROTOCOLS[0]),
    "sasl_mechanism": _option("sasl_mechanism", "NAME", f"One of {', '.join(MECHANISMS)}.", MECHANISMS[0]),
    "sasl_username": _option("sasl_username", "TEXT", "User name, with SASL.", "none"),
    "sasl_password": _option("sasl_password", "TEXT", f"Password, with SASL. {_VISIBLE}", "none"),
    "ssl_ca_file": _option("ssl_ca_file", "FILE", "Certificates the broker's is checked against.", "the system's"),
    "ssl_cert_file": _option("ssl_cert_file", "FILE", "This client's certificate.", "none"),
    "ssl_key_file": _option("ssl_key_file", "FILE", "The key of this client's certificate.", "the certificate's file"),
}
"""Every setting that :func:`agents.settings.load_settings` reads."""

CONNECTION: Final = ("brokers", "topic_prefix", *(name for name in OPTIONS if name.startswith(("security", "sasl", "ssl"))))
TOPICS: Final = ("partitions", "replication", "retention_days", "dead_letter_days")
WORKER: Final = (
    "data_dir", "web_host", "web_port", "web_token", "policy", "shadow_policy", "ticks", "bad_share", "stall_seconds",
    "guarantee", "state_version", "store_mib", "standby",
)  # fmt: skip


def fail(message: str) -> typer.Exit:
    """Say what is wrong on standard error; the caller raises what this returns."""
    typer.echo(f"fangfan: {message}", err=True)
    return typer.Exit(1)


def stopped(how_far: str = "") -> typer.Exit:
    """Say that Ctrl-C ended it, and how far it came; the caller raises what this returns."""
    typer.echo(f"fangfan: stopped 已中断{how_far}", err=True)
    return typer.Exit(128 + signal.SIGINT)


def with_settings(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of some settings; it gets them, checked, as its argument ``chosen``."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(**given: Any) -> None:
            flags = {name: given.pop(name) for name in names}
            command(chosen=settings(**flags), **given)

        own = [each for each in inspect.signature(command).parameters.values() if each.name != "chosen"]
        more = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=OPTIONS[name]) for name in names
        ]
        run.__signature__ = inspect.Signature([*own, *more])  # type: ignore[attr-defined] # typer reads the options from here
        return run

    return decorate


def settings(**flags: str | None) -> Settings:
    """Return the settings of the environment, flags over it."""
    environment = dict(os.environ)
    environment |= {f"FANGFAN_{name.upper()}": value for name, value in flags.items() if value is not None}
    try:
        return load_settings(environment)
    except SettingsError as error:
        name = error.name.lower()
        flag = f" (--{name.replace('_', '-')})" if name in flags else ""
        raise fail(f"FANGFAN_{error.name}{flag}: {error.reason}") from None


def policy_version(path: Path) -> Version:
    """Return the version that a policy file or folder makes; what cannot be used is refused in a sentence."""
    try:
        return load_version(path)
    except PolicyError as error:
        raise fail(f"policy refused: {error}") from None


def check_outputs(outputs: Mapping[str, Path | None], inputs: Iterable[Path] = ()) -> None:
    """Refuse, before the work, files that cannot be written after it, or would be written over what is read or each other."""
    taken = {path.resolve() for path in inputs}
    for flag, path in outputs.items():
        if path is None:
            continue
        if path.is_dir() or not path.absolute().parent.is_dir():
            raise fail(f"{flag}: {path} is a folder, or lies in one that does not exist")
        if path.resolve() in taken and (path.is_file() or not path.exists()):  # /dev/null may be named twice
            raise fail(f"{flag}: {path} is read, or written by another option, and would be written over")
        taken.add(path.resolve())


Job = Callable[[Settings], Coroutine[Any, Any, T]]


def on_broker(chosen: Settings, job: Job[T], topics: Sequence[Topic] = ()) -> T:
    """Run what needs a broker, with settings that know how many partitions the topics really have.

    Says in a sentence where none answers or a topic is missing.
    """
    with refusing(chosen):
        return asyncio.run(_checked(chosen, job, topics))


@contextlib.contextmanager
def refusing(chosen: Settings) -> Iterator[None]:
    """Say in a sentence where a broker does not answer as it should."""
    with hearing() as heard:
        try:
            yield
        except BrokenPipeError:
            raise  # whoever read our output has seen enough
        except TimeoutError:
            raise fail(f"{chosen.brokers}: no broker answers in time: look whether it is down or overloaded") from None
        except Unconfirmed as error:
            raise fail(f"{chosen.brokers}: {error}") from None
        except (KafkaError, OSError) as error:
            raise fail(f"{chosen.brokers}: {words_of(error, heard)}") from None


def moment(flag: str, text: str | None) -> int | None:
    """Return an instant that a flag names, None where it names none; what is no instant is refused in a sentence."""
    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        raise fail(f"{flag}: {error}, such as 2026-06-10T08:00:00+08:00") from None


async def _checked(chosen: Settings, job: Job[T], topics: Sequence[Topic]) -> T:
    async with asyncio.timeout(REACH_SECONDS):
        counts = await partition_counts(chosen, topics)
    for name, count in counts.items():
        if count is None:
            seen = "" if chosen.security.sasl_username is None else ", or none that this user may see"
            raise fail(f"{name}: no such topic on {chosen.brokers}{seen} (create it with: fangfan topics create)")
        chosen = dataclasses.replace(chosen, partitions=count)  # all topics of a deployment have one count
    return await job(chosen)
