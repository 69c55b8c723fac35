"""A listener of test brokers with TLS and passwords: a certificate that the brokers share, and one user."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER, PASSWORD = "writer", "correct horse"
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"


class Outside:
    """What brokers need to listen so (`settings`), and `client` what a client needs to get in."""

    def __init__(self, folder: Path, hosts: Sequence[str]) -> None:
        self._folder = folder
        key, certificate = _made(hosts)
        (folder / "broker.pem").write_bytes(key + certificate)
        (folder / "ca.pem").write_bytes(certificate)

    @property
    def settings(self) -> Mapping[str, str]:
        """The brokers' settings, whose folder is the working directory."""
        listener = "listener.name.outside"
        return {
            f"{listener}.ssl.keystore.type": "PEM",
            f"{listener}.ssl.keystore.location": "broker.pem",
            f"{listener}.sasl.enabled.mechanisms": "PLAIN",
            f"{listener}.plain.sasl.jaas.config": f'{_PLAIN} required user_{USER}="{PASSWORD}";',
        }

    def client(self, name: str, password: str = PASSWORD, *, trusting: bool = True) -> Path:
        """A file of settings for `config=` in an address."""
        lines = {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "PLAIN",
            "sasl.username": USER,
            "sasl.password": password,
            **({"ssl.ca.location": str(self._folder / "ca.pem")} if trusting else {}),
        }
        path = self._folder / name
        path.write_text("".join(f"{setting}={value}\n" for setting, value in lines.items()))
        return path


def _made(hosts: Sequence[str]) -> tuple[bytes, bytes]:
    """A key and a certificate that signs itself, for these addresses."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test brokers")])
    now = datetime.now(UTC)
    names = [x509.IPAddress(ipaddress.ip_address(host)) for host in sorted(set(hosts))]
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return private, built.public_bytes(serialization.Encoding.PEM)
