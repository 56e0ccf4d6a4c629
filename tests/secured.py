"""Brokers that want TLS, a password or both, and what a client must say to them."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fangfan import broker as embedded
from fangfan.broker import EmbeddedBroker
from fangfan.broker_process import find_java

PROTOCOLS = ("SSL", "SASL_PLAINTEXT", "SASL_SSL")
USER, PASSWORD = "monitor", "only-for-tests"
MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule"


@contextlib.contextmanager
def secured(protocol: str, folder: Path) -> Iterator[tuple[EmbeddedBroker, dict[str, str]]]:
    """Run a broker that speaks one protocol alone; yields it and the settings of a client, without their prefix."""
    plain = embedded.properties
    more = {"inter.broker.listener.name": "PLAINTEXT"}
    given: dict[str, str] = {"SECURITY_PROTOCOL": protocol}
    if protocol.startswith("SASL"):
        user = f'username="{USER}" password="{PASSWORD}" user_{USER}="{PASSWORD}"'
        more |= {
            "sasl.enabled.mechanisms": "PLAIN", "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "listener.name.plaintext.plain.sasl.jaas.config": f"{MODULE} required {user};",
        }  # fmt: skip
        given |= {"SASL_USERNAME": USER, "SASL_PASSWORD": PASSWORD}
    if protocol.endswith("SSL"):
        store, certificate = _certificate(folder)
        for kind in ("keystore", "truststore"):
            more |= {f"ssl.{kind}.location": str(store), f"ssl.{kind}.password": PASSWORD, f"ssl.{kind}.type": "PKCS12"}
        given["SSL_CA_FILE"] = str(certificate)

    def properties(node: int, ports: list[tuple[int, int]], data: Path) -> str:
        text = plain(node, ports, data).replace(",PLAINTEXT:PLAINTEXT", f",PLAINTEXT:{protocol}")
        return text + "".join(f"{key}={value}\n" for key, value in more.items())

    with contextlib.ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:  # only while it starts: others may start while this one runs
            patch.setattr(embedded, "properties", properties)
            broker = stack.enter_context(EmbeddedBroker())
        yield broker, given | {"BROKERS": broker.bootstrap}


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Make a key with a certificate of its own for 127.0.0.1, and that certificate alone for those who are to trust it."""
    tool, store, certificate = Path(find_java()).with_name("keytool"), folder / "store.p12", folder / "broker.pem"
    opened = ["-keystore", str(store), "-storepass", PASSWORD, "-storetype", "PKCS12", "-alias", "broker"]
    made = ["-genkeypair", "-keyalg", "EC", "-dname", "CN=broker", "-ext", "bc:critical=ca:true", "-ext", "san=ip:127.0.0.1"]
    for command in ([*made, *opened], ["-exportcert", "-rfc", "-file", str(certificate), *opened]):
        subprocess.run([tool, *command], check=True, capture_output=True)
    return store, certificate
