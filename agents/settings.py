"""Settings from the environment (prefix ``FANGFAN_``), checked before anything starts."""

import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from schemas.codec import LAYOUTS
from schemas.household import STATE_VERSION

DEFAULT_POLICY: Final = Path(__file__).resolve().parent.parent / "policy" / "shanxi.toml"
PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
GUARANTEES: Final = ("exactly-once", "at-least-once")
STORE_MIB: Final = 256
"""What the caches and write buffers of a worker's stores may take together."""
PEM_CERTIFICATES: Final = "file of certificates in PEM form"
PEM_PAIR: Final = "pair in PEM form that belongs together, the key without a password"
PREFIX_RULE: Final = re.compile(r"[A-Za-z0-9._-]{0,100}")
BROKERS_RULE: Final = re.compile(r"(?:\[[0-9a-fA-F:]+\]|[^\s,:/]+):[0-9]{1,5}")


class SettingsError(ValueError):
    """A setting that cannot be used; ``name`` is it without the prefix, ``reason`` says why."""

    def __init__(self, name: str, reason: str) -> None:
        """Keep the two parts for callers that name a flag beside the variable."""
        super().__init__(f"FANGFAN_{name}: {reason}")
        self.name, self.reason = name, reason


@dataclass(frozen=True, slots=True)
class Security:
    """How to speak to the broker."""

    protocol: str = "PLAINTEXT"
    sasl_mechanism: str = "PLAIN"
    sasl_username: str | None = None
    sasl_password: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None

    def client(self) -> dict[str, Any]:
        """Return the keyword arguments of aiokafka clients."""
        arguments: dict[str, Any] = {"security_protocol": self.protocol}
        if self.protocol.endswith("SSL"):
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file is not None:
                context.load_cert_chain(self.cert_file, self.key_file, password="")  # a locked key fails instead of asking
            arguments["ssl_context"] = context
        if self.protocol.startswith("SASL"):
            arguments |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.sasl_username,
                "sasl_plain_password": self.sasl_password,
            }
        return arguments


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a worker or command is told from outside."""

    brokers: str = "127.0.0.1:9092"
    data_dir: Path = Path(".data")
    web_host: str = "127.0.0.1"
    web_port: int = 6066
    web_token: str | None = None
    policy: Path = DEFAULT_POLICY
    shadow_policy: Path | None = None
    topic_prefix: str = ""
    partitions: int = 12
    replication: int = 1
    retention_days: int = 400
    dead_letter_days: int = 90
    state_version: int = STATE_VERSION
    bad_share: float = 0.05
    stall_seconds: int = 120
    store_mib: int = STORE_MIB
    standby: bool = False
    session_seconds: int = 10
    guarantee: str = GUARANTEES[0]
    ticks: bool = False
    security: Security = Security()

    def topic(self, name: str) -> str:
        """Return a topic's name on the broker."""
        return self.topic_prefix + name

    def web_address(self, port: int) -> str:
        """Return where others reach the web port: the machine's name where it listens on every address."""
        host = socket.gethostname() if self.web_host in ("0.0.0.0", "::", "") else self.web_host
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def group(self) -> str:
        """The consumer group, and the stem of transactional ids."""
        return self.topic_prefix + "fangfan"

    def client(self) -> dict[str, Any]:
        """Return the keyword arguments every aiokafka client takes."""
        return {"bootstrap_servers": self.brokers.split(","), **self.security.client()}


def _whole(environment: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environment.get(f"FANGFAN_{name}", str(default))
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise SettingsError(name, f"must be a whole number from {low} to {high}")
    return int(text)


def _ratio(environment: Mapping[str, str], name: str, default: float) -> float:
    try:
        value = float(environment.get(f"FANGFAN_{name}", default))
    except ValueError:
        raise SettingsError(name, "must be a number") from None
    if not 0 < value <= 1:
        raise SettingsError(name, "must be above 0 and at most 1")
    return value


def _one_of(environment: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = environment.get(f"FANGFAN_{name}", allowed[0])
    if value not in allowed:
        raise SettingsError(name, f"must be one of {', '.join(allowed)}")
    return value


def _state_version(environment: Mapping[str, str]) -> int:
    """Return the layout that households are stored in; an upgrade pins the one before until no older release runs."""
    text = environment.get("FANGFAN_STATE_VERSION", str(STATE_VERSION))
    known = {str(version): version for version in sorted(LAYOUTS)}
    if text not in known:
        raise SettingsError("STATE_VERSION", f"must be a state version this release writes: {' or '.join(known)}")
    return known[text]


def _brokers(environment: Mapping[str, str]) -> str:
    brokers = environment.get("FANGFAN_BROKERS", "127.0.0.1:9092")
    for each in brokers.split(","):
        if not BROKERS_RULE.fullmatch(each) or not 0 < int(each.rpartition(":")[2]) < 65_536:
            raise SettingsError("BROKERS", "must be HOST:PORT, several separated by commas")
    return brokers


def _prefix(environment: Mapping[str, str]) -> str:
    prefix = environment.get("FANGFAN_TOPIC_PREFIX", "")
    if not PREFIX_RULE.fullmatch(prefix):
        raise SettingsError("TOPIC_PREFIX", "takes at most 100 of A-Z, a-z, 0-9, '.', '_' and '-'")
    return prefix


def _security(environment: Mapping[str, str]) -> Security:
    """Read how to speak to the broker, and try the files once, so that a wrong one is named before anything starts."""
    security = Security(
        protocol=_one_of(environment, "SECURITY_PROTOCOL", PROTOCOLS),
        sasl_mechanism=_one_of(environment, "SASL_MECHANISM", MECHANISMS),
        sasl_username=environment.get("FANGFAN_SASL_USERNAME"),
        sasl_password=environment.get("FANGFAN_SASL_PASSWORD"),
        ca_file=environment.get("FANGFAN_SSL_CA_FILE"),
        cert_file=environment.get("FANGFAN_SSL_CERT_FILE"),
        key_file=environment.get("FANGFAN_SSL_KEY_FILE"),
    )
    _check_halves(environment, security.protocol)
    if security.protocol.endswith("SSL"):
        _check_files(security)
    return security


def _check_halves(environment: Mapping[str, str], protocol: str) -> None:
    """Refuse what is set by half: a password that is missing, or one that would not be used while all goes in the clear."""
    passwords, files = ("SASL_USERNAME", "SASL_PASSWORD"), ("SSL_CA_FILE", "SSL_CERT_FILE", "SSL_KEY_FILE")
    for names, used, others in (
        ((*passwords, "SASL_MECHANISM"), protocol.startswith("SASL"), "SASL_SSL or SASL_PLAINTEXT"),
        (files, protocol.endswith("SSL"), "SSL or SASL_SSL"),
    ):
        for name in names:
            there = f"FANGFAN_{name}" in environment
            if used and not there and name in passwords:
                raise SettingsError(name, f"is needed with FANGFAN_SECURITY_PROTOCOL={protocol}")
            if there and not used:
                raise SettingsError(name, f"goes only with FANGFAN_SECURITY_PROTOCOL={others}, and it is {protocol}")


def _check_files(security: Security) -> None:
    files = {"SSL_CA_FILE": security.ca_file, "SSL_CERT_FILE": security.cert_file, "SSL_KEY_FILE": security.key_file}
    for name, file in files.items():
        if file is not None and not Path(file).is_file():
            raise SettingsError(name, f"{file}: no such file")
    if security.key_file is not None and security.cert_file is None:
        raise SettingsError("SSL_CERT_FILE", "is needed with FANGFAN_SSL_KEY_FILE")
    try:
        ssl.create_default_context(cafile=security.ca_file)
    except OSError as error:
        raise SettingsError("SSL_CA_FILE", f"{security.ca_file}: {_reason(error, PEM_CERTIFICATES)}") from None
    try:
        security.client()
    except OSError as error:
        raise SettingsError("SSL_CERT_FILE", f"{security.cert_file} with its key: {_reason(error, PEM_PAIR)}") from None


def _reason(error: OSError, expected: str) -> str:
    return f"is no {expected}" if isinstance(error, ssl.SSLError) else error.strerror or "cannot be read"


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of an environment; an empty variable counts as not set.

    Raises:
        SettingsError: names the variable and the reason.
    """
    environment = {name: value for name, value in environment.items() if value}
    return Settings(
        brokers=_brokers(environment),
        data_dir=Path(environment.get("FANGFAN_DATA_DIR", ".data")),
        web_host=environment.get("FANGFAN_WEB_HOST", "127.0.0.1"),
        web_port=_whole(environment, "WEB_PORT", 6066, 0, 65_535),
        web_token=environment.get("FANGFAN_WEB_TOKEN"),
        policy=Path(environment.get("FANGFAN_POLICY", str(DEFAULT_POLICY))),
        shadow_policy=Path(environment["FANGFAN_SHADOW_POLICY"]) if "FANGFAN_SHADOW_POLICY" in environment else None,
        topic_prefix=_prefix(environment),
        partitions=_whole(environment, "PARTITIONS", 12, 1, 10_000),
        replication=_whole(environment, "REPLICATION", 1, 1, 100),
        retention_days=_whole(environment, "RETENTION_DAYS", 400, 1, 36_500),
        dead_letter_days=_whole(environment, "DEAD_LETTER_DAYS", 90, 1, 36_500),
        stall_seconds=_whole(environment, "STALL_SECONDS", 120, 1, 86_400),
        store_mib=_whole(environment, "STORE_MIB", STORE_MIB, 32, 1 << 20),
        standby=_whole(environment, "STANDBY", 0, 0, 1) == 1,
        session_seconds=_whole(environment, "SESSION_SECONDS", 10, 1, 300),
        guarantee=_one_of(environment, "GUARANTEE", GUARANTEES),
        ticks=_one_of(environment, "TICKS", ("off", "on")) == "on",
        state_version=_state_version(environment),
        bad_share=_ratio(environment, "BAD_SHARE", 0.05),
        security=_security(environment),
    )
