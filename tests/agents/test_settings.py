"""Settings of passwords and TLS that are set by half, or name files that are none: refused by name before anything starts."""

from pathlib import Path

import pytest

from agents.settings import SettingsError, load_settings

USER, PASSWORD = {"SASL_USERNAME": "u"}, {"SASL_PASSWORD": "p"}
HALVES = [
    (USER | PASSWORD, "SASL_USERNAME", "goes only with FANGFAN_SECURITY_PROTOCOL=SASL_SSL or SASL_PLAINTEXT"),
    (PASSWORD | {"SECURITY_PROTOCOL": "SSL"}, "SASL_PASSWORD", "and it is SSL"),
    ({"SASL_MECHANISM": "SCRAM-SHA-512"}, "SASL_MECHANISM", "and it is PLAINTEXT"),
    ({"SSL_CA_FILE": "ca.pem"}, "SSL_CA_FILE", "goes only with FANGFAN_SECURITY_PROTOCOL=SSL or SASL_SSL"),
    (USER | PASSWORD | {"SECURITY_PROTOCOL": "SASL_PLAINTEXT", "SSL_CERT_FILE": "me.pem"}, "SSL_CERT_FILE", "SASL_PLAINTEXT"),
    (USER | {"SECURITY_PROTOCOL": "SASL_SSL"}, "SASL_PASSWORD", "is needed"),
    (PASSWORD | {"SECURITY_PROTOCOL": "SASL_PLAINTEXT"}, "SASL_USERNAME", "is needed"),
    ({"SECURITY_PROTOCOL": "SSL", "SSL_CA_FILE": "nowhere.pem"}, "SSL_CA_FILE", "nowhere.pem: no such file"),
]  # fmt: skip


def refusal(given: dict[str, str]) -> SettingsError:
    with pytest.raises(SettingsError) as raised:
        load_settings({f"FANGFAN_{name}": value for name, value in given.items()})
    return raised.value


@pytest.mark.parametrize(("given", "name", "words"), HALVES)
def test_what_is_set_by_half_is_refused(given: dict[str, str], name: str, words: str) -> None:
    """A password that is set and not used would mean that all goes in the clear, unnoticed."""
    found = refusal(given)

    assert name == found.name
    assert words in found.reason


@pytest.mark.parametrize(("name", "words"), [
    ("SSL_CA_FILE", "is no file of certificates in PEM form"),
    ("SSL_CERT_FILE", "is no pair in PEM form that belongs together, the key without a password"),
])  # fmt: skip
def test_a_file_that_is_none_is_refused_in_words(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "notes.pem").write_text("mind the bridge\n", "utf-8")
    found = refusal({"SECURITY_PROTOCOL": "SSL", name: str(tmp_path / "notes.pem")})

    assert name == found.name
    assert found.reason.startswith(str(tmp_path / "notes.pem"))
    assert found.reason.endswith(words)


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"])
def test_what_is_set_in_full_is_taken(protocol: str) -> None:
    """An empty variable counts as not set."""
    given = USER | PASSWORD if protocol.startswith("SASL") else {"SASL_USERNAME": "", "SSL_CA_FILE": ""}
    found = load_settings({f"FANGFAN_{name}": value for name, value in ({"SECURITY_PROTOCOL": protocol} | given).items()})

    assert protocol == found.client()["security_protocol"]
