"""Who may speak with a fleet: an authority of its own, and under it a certificate for each machine. `unikat certificates` makes them.

    OUT/authority.pem, authority.key     the authority; its key makes more of them, and belongs on no machine of the fleet
    OUT/HOST/authority.pem, own.pem      what that machine gets: the authority, and its own certificate with its key

Dask takes whoever shows a certificate of the authority, by whatever name: the names tell people which is whose. It has no list of what
was withdrawn: when a machine's key was stolen, begin a new folder.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import pathlib
import re
import socket
import ssl
from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from engine.errors import EnvironmentFault, OrderError
from service.clock import now

AUTHORITY, AUTHORITY_KEY, OWN = "authority.pem", "authority.key", "own.pem"
TLS = "tls://"
AUTHORITY_DAYS = 3650
EARLY = datetime.timedelta(hours=1)
"""So long before now a certificate begins: clocks differ."""
SOON_DAYS = 14
"""So long before its end it is said that it ends."""
LISTEN = 3.0
"""Seconds for which the scheduler may say why it does not want us."""
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?")

Key = ec.EllipticCurvePrivateKey


def make(out: str, hosts: Sequence[str], days: int) -> list[pathlib.Path]:
    """A folder for each host; the authority is made where there is none yet.

    OrderError: a name that is none, a folder that cannot be written. EnvironmentFault: an authority that is of no use any more.
    """
    for host in hosts:
        if not HOST.fullmatch(host):
            raise OrderError("--host", "is no name or address of a machine", value=host)
    top, made = pathlib.Path(out), []
    try:
        top.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority, key = _authority(top, days)
        for host in hosts:
            folder = top / host.replace(":", "-")
            folder.mkdir(exist_ok=True, mode=0o700)
            own = ec.generate_private_key(ec.SECP256R1())
            signed = _signed(host, own, authority, key, days)
            _write(folder / AUTHORITY, _pem(authority))
            _write(folder / OWN, _pem(signed) + _plain(own))
            made.append(folder)
    except OSError as error:
        raise OrderError("--out", f"cannot be written: {error.strerror}", value=out) from None
    return made


def _authority(top: pathlib.Path, days: int) -> tuple[x509.Certificate, Key]:
    if not (top / AUTHORITY_KEY).exists():
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "unikat fleet")])
        made = _begun(name, name, key, max(days, AUTHORITY_DAYS))
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        made = made.add_extension(_usage(sign=True), critical=True)
        _write(top / AUTHORITY_KEY, _plain(key))
        _write(top / AUTHORITY, _pem(made.sign(key, hashes.SHA256())))
    try:
        kept: Any = serialization.load_pem_private_key((top / AUTHORITY_KEY).read_bytes(), None)
        authority = x509.load_pem_x509_certificate((top / AUTHORITY).read_bytes())
    except ValueError:
        raise EnvironmentFault("--out holds an authority that cannot be read") from None
    if kept.public_key() != authority.public_key():
        raise EnvironmentFault("--out holds an authority and the key of another")
    if authority.not_valid_after_utc < _at(now()):
        raise EnvironmentFault("--out holds an authority that has expired: begin a new folder")
    return authority, kept


def _begun(name: x509.Name, issuer: x509.Name, key: Key, days: int) -> x509.CertificateBuilder:
    at = _at(now())
    made = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(at - EARLY)
    made = made.not_valid_after(at + datetime.timedelta(days=days))
    return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _signed(host: str, own: Key, authority: x509.Certificate, key: Key, days: int) -> x509.Certificate:
    made = _begun(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])]), authority.subject, own, days)
    try:
        named: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        named = x509.DNSName(host)
    made = made.add_extension(x509.SubjectAlternativeName([named]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    made = made.add_extension(_usage(sign=False), critical=True)
    both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])  # a worker is both
    made = made.add_extension(both, critical=False)
    of = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    return made.add_extension(of, critical=False).sign(key, hashes.SHA256())


def _usage(sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=sign, crl_sign=sign, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _plain(key: Key) -> bytes:
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, none)


def _write(place: pathlib.Path, data: bytes) -> None:
    """Its owner's alone, whole or not at all."""
    beside = place.with_name(f".{place.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    beside.replace(place)


def _at(ms: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC)


# ---- using them ------------------------------------------------------------------------------------------------------


def refuse(scheduler: str, folder: str | None) -> None:
    """EnvironmentFault where that scheduler cannot be reached with what lies in `folder`: said before anything is tried."""
    if not scheduler.startswith(TLS):
        if folder:
            raise EnvironmentFault("--certificates is for tls://, and the scheduler is named otherwise")
        return
    if not folder:
        raise EnvironmentFault("tls:// wants --certificates DIR, as `unikat certificates` makes it")
    if days_left(folder) < 0:
        raise EnvironmentFault("the certificate in --certificates has expired: `unikat certificates` makes a new one")


def days_left(folder: str) -> int:
    """How many whole days our certificate, and its authority's, are good for; below 0: it has expired.

    EnvironmentFault where they cannot be read, are not good yet, or do not belong together.
    """
    place = pathlib.Path(folder)
    try:
        data = (place / OWN).read_bytes()
        authority, own = (x509.load_pem_x509_certificate(d) for d in ((place / AUTHORITY).read_bytes(), data))
        key = serialization.load_pem_private_key(data, None)
    except OSError as error:
        raise EnvironmentFault(f"--certificates: {AUTHORITY} or {OWN} cannot be read: {error.strerror}") from None
    except ValueError:
        raise EnvironmentFault(f"--certificates: {AUTHORITY} or {OWN} holds no certificate, or no key") from None
    if key.public_key() != own.public_key():
        raise EnvironmentFault(f"--certificates: the key in {OWN} is not that of its certificate")
    try:
        own.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        raise EnvironmentFault(f"--certificates: {OWN} is a certificate of another authority than {AUTHORITY}") from None
    at = _at(now())
    if at < own.not_valid_before_utc:
        raise EnvironmentFault("the certificate in --certificates is not good yet: is this machine's clock right?")
    return (min(own.not_valid_after_utc, authority.not_valid_after_utc) - at).days


def files(folder: str) -> dict[str, str]:
    """What Dask must know of them, as its `Security` takes it."""
    own, told = os.fspath(pathlib.Path(folder) / OWN), {"tls_ca_file": os.fspath(pathlib.Path(folder) / AUTHORITY)}
    for role in ("client", "worker", "scheduler"):
        told |= {f"tls_{role}_cert": own, f"tls_{role}_key": own}
    return told


def why(scheduler: str, folder: str) -> str | None:
    """Why TLS with that scheduler does not come about; None where it does, or nobody is there."""
    host, _, port = scheduler.removeprefix(TLS).rpartition(":")
    place = pathlib.Path(folder)
    context = ssl.create_default_context(cafile=os.fspath(place / AUTHORITY))
    context.check_hostname = False
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # as Dask has it
    context.load_cert_chain(place / OWN)
    try:
        with socket.create_connection((host.strip("[]"), int(port)), LISTEN) as plain, context.wrap_socket(plain) as line:
            line.settimeout(LISTEN)
            line.recv(1)  # what it thinks of our certificate is said after the handshake
    except ssl.SSLCertVerificationError as error:
        told = {10: "has expired", 9: "is not good yet: are the clocks right?"}
        return f"the scheduler's certificate {told.get(error.verify_code, 'is of another authority')}"
    except ssl.SSLError as error:
        if "ALERT" in str(error.reason):
            return f"the scheduler does not take our certificate: {str(error.reason).partition('ALERT_')[2].replace('_', ' ').lower()}"
        return "the scheduler does not speak TLS"
    except (OSError, ValueError):
        return None
    return None
