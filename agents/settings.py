"""Settings from the environment (prefix ``FANGFAN_``), checked before anything starts."""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

DEFAULT_POLICY: Final = Path(__file__).resolve().parent.parent / "policy" / "shanxi.toml"
PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")


class SettingsError(ValueError):
    """A setting that cannot be used; names it and says why."""


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
                context.load_cert_chain(self.cert_file, self.key_file)
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
    topic_prefix: str = ""
    partitions: int = 12
    replication: int = 1
    retention_days: int = 400
    dead_letter_days: int = 90
    bad_share: float = 0.05
    stall_seconds: int = 120
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
        raise SettingsError(f"FANGFAN_{name}: must be a whole number from {low} to {high}")
    return int(text)


def _ratio(environment: Mapping[str, str], name: str, default: float) -> float:
    try:
        value = float(environment.get(f"FANGFAN_{name}", default))
    except ValueError:
        raise SettingsError(f"FANGFAN_{name}: must be a number") from None
    if not 0 < value <= 1:
        raise SettingsError(f"FANGFAN_{name}: must be above 0 and at most 1")
    return value


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of an environment.

    Raises:
        SettingsError: names the variable and the reason.
    """
    protocol = environment.get("FANGFAN_SECURITY_PROTOCOL", "PLAINTEXT")
    if protocol not in PROTOCOLS:
        raise SettingsError(f"FANGFAN_SECURITY_PROTOCOL: must be one of {', '.join(PROTOCOLS)}")
    if environment.get("FANGFAN_TICKS", "off") != "off":
        raise SettingsError("FANGFAN_TICKS: only off in this release; ticks come with the case life cycle")
    host, token = environment.get("FANGFAN_WEB_HOST", "127.0.0.1"), environment.get("FANGFAN_WEB_TOKEN")
    return Settings(
        brokers=environment.get("FANGFAN_BROKERS", "127.0.0.1:9092"),
        data_dir=Path(environment.get("FANGFAN_DATA_DIR", ".data")),
        web_host=host,
        web_port=_whole(environment, "WEB_PORT", 6066, 0, 65_535),
        web_token=token,
        policy=Path(environment.get("FANGFAN_POLICY", str(DEFAULT_POLICY))),
        topic_prefix=environment.get("FANGFAN_TOPIC_PREFIX", ""),
        partitions=_whole(environment, "PARTITIONS", 12, 1, 10_000),
        replication=_whole(environment, "REPLICATION", 1, 1, 100),
        retention_days=_whole(environment, "RETENTION_DAYS", 400, 1, 36_500),
        dead_letter_days=_whole(environment, "DEAD_LETTER_DAYS", 90, 1, 36_500),
        stall_seconds=_whole(environment, "STALL_SECONDS", 120, 1, 86_400),
        bad_share=_ratio(environment, "BAD_SHARE", 0.05),
        security=Security(
            protocol=protocol,
            sasl_mechanism=environment.get("FANGFAN_SASL_MECHANISM", "PLAIN"),
            sasl_username=environment.get("FANGFAN_SASL_USERNAME"),
            sasl_password=environment.get("FANGFAN_SASL_PASSWORD"),
            ca_file=environment.get("FANGFAN_SSL_CA_FILE"),
            cert_file=environment.get("FANGFAN_SSL_CERT_FILE"),
            key_file=environment.get("FANGFAN_SSL_KEY_FILE"),
        ),
    )
