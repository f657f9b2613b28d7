"""RSA keys (RFC 5849 s3.4.3; RSASSA-PKCS1-v1_5, RFC 8017 s8.2).

``cryptography`` is the extra ``rsa`` and is imported where a key is read, never
before. A key is read once, by ``load_key``: parsing it for each request costs other
clients a hundred times what the signature itself does.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode
from os import PathLike
from typing import Any

from ..errors import UsageError

__all__ = ["RSAKey", "load_key"]

_INSTALL = "RSA needs the package 'cryptography': pip install 'requests-oauth-hook[rsa]'"


class RSAKey:
    """An RSA key, read and ready; made by ``load_key``.

    It pickles as what it was read from, where that pickles, and shows nothing in its ``repr``.
    """

    __slots__ = ("_given", "_key")

    def __init__(self, given: Any, key: Any) -> None:
        self._given = given
        self._key = key

    def __repr__(self) -> str:
        return "RSAKey(***)"

    def __reduce__(self) -> tuple[Any, ...]:
        return load_key, (self._given,)

    def __copy__(self) -> RSAKey:
        return self  # it never changes, and parsing it again would be slow

    def __deepcopy__(self, memo: object) -> RSAKey:
        return self

    @property
    def is_in_hardware(self) -> bool:
        """Whether it is a callable, which does all that it is asked for somewhere else."""
        return callable(self._key)

    def sign(self, message: bytes, digest: str) -> bytes:
        """Return the signature of bytes (s3.4.3).

        :param digest: ``sha1``, ``sha256`` or ``sha512``.
        :raises UsageError: the key is a callable and did not return ``bytes``.
        """
        if callable(self._key):
            made = self._key(message)
            if not isinstance(made, bytes):
                raise UsageError(f"rsa_key was called and returned {type(made).__name__}: it must return bytes")
            return made
        try:
            signature: bytes = self._key.sign(message, *_scheme(digest))
        except ValueError:
            raise UsageError(f"rsa_key is too short for a signature with {digest}: make a key of 2048 bits") from None
        return signature

    def verify(self, message: bytes, signature: bytes, digest: str) -> bool:
        """Tell whether a signature is right (s3.4.3), with either half of the pair.

        A callable signs again: the scheme is deterministic, so that this is verifying.
        """
        if callable(self._key):
            return hmac.compare_digest(self.sign(message, digest), signature)
        from cryptography.exceptions import InvalidSignature

        public = self._key.public_key() if hasattr(self._key, "sign") else self._key
        try:
            public.verify(signature, message, *_scheme(digest))
        except InvalidSignature:
            return False
        return True


def load_key(given: Any, *, public: bool = False) -> RSAKey:
    r"""Read an RSA key.

    :param given: PEM as ``str`` or ``bytes`` (PKCS#1, PKCS#8 or OpenSSH's own format), as a file or an
        environment variable has it: with ``\n`` or spaces for line ends, indented, in quotes, or in base64;
        ``(PEM, passphrase)``; a loaded key of ``cryptography``; or a callable that signs
        bytes itself, for a key that never leaves its hardware.
    :param public: a public key, or a certificate, will do as well: for verification.
    :raises UsageError: it is not an RSA key, its passphrase is wrong or missing, or
        ``cryptography`` is not installed.
    """
    if isinstance(given, RSAKey):
        return given
    key, passphrase = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
    if callable(key):
        return RSAKey(given, key)
    private_kind, public_kind = _kinds()
    is_certificate = False
    if isinstance(key, str | bytes):
        # PEM is ASCII; a str in which there is more is binary that was decoded somehow, or has a byte order mark.
        pem = _find_pem(key.encode("latin-1", "replace") if isinstance(key, str) else key)
        is_certificate = b"BEGIN CERTIFICATE" in pem
        key = _parse(pem, passphrase.encode() if isinstance(passphrase, str) else passphrase)
    if isinstance(key, private_kind) or (public and isinstance(key, public_kind)):
        return RSAKey(given, key)
    if isinstance(key, public_kind):
        what = "a certificate, whose key is a public one," if is_certificate else "a public key,"
        raise UsageError(f"rsa_key is {what} which cannot sign: give the private one")
    if type(key).__module__.startswith("cryptography."):
        raise UsageError(
            f"rsa_key is of another kind than RSA ({type(key).__name__}): give an RSA key, "
            "such as openssl genrsa -out private.pem 2048 makes"
        )
    raise UsageError(
        "rsa_key must be an RSA key: PEM text, (PEM text, passphrase), a loaded key or a callable, "
        f"not {type(key).__name__}"
        + (": give what the file has in it, as path.read_bytes() returns it" if isinstance(key, PathLike) else "")
    )


def _find_pem(given: bytes) -> bytes:
    r"""Return the key that a text has in it, in lines as PEM wants them (RFC 7468).

    Environment variables, YAML and pasting make other line ends of them: ``\n``, spaces, CRLF, indents. What stands
    around the key (quotes, a name, a certificate) does not matter; and all of it may be base64.

    :raises UsageError: the text has no such key in it; the message says what it is instead, as far as that can be told.
    """
    if given.lstrip().startswith(b"ssh-"):
        return given.lstrip()
    text = given if b"-----" in given else _decode_base64(given)
    blocks = []
    rest = text.replace(b"\\r", b"").replace(b"\\n", b"\n").replace(b"\\", b"")
    while b"-----BEGIN " in rest:
        label, _, rest = rest.partition(b"-----BEGIN ")[2].partition(b"-----")
        body, end, rest = rest.partition(b"-----END " + label + b"-----")
        if not end:
            raise UsageError("rsa_key is cut off: its END line is missing, or another one; give the whole of the file")
        blocks.append((label, body.strip()))
    if not blocks:
        raise UsageError(_describe(given))
    label, body = next((block for block in blocks if b"PRIVATE KEY" in block[0]), blocks[0])
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    headers = [line for line in lines if b":" in line]  # of an encrypted key (RFC 1421 s4.6), with a blank line after
    base64 = b"".join(b"".join(line.split()) for line in lines if b":" not in line)
    lines = [*headers, *([b""] if headers else []), *[base64[i : i + 64] for i in range(0, len(base64), 64)]]
    return b"\n".join([b"-----BEGIN " + label + b"-----", *lines, b"-----END " + label + b"-----", b""])


def _decode_base64(text: bytes) -> bytes:
    """Return what a text is the base64 of; the text itself, where it is not."""
    try:
        return b64decode(b"".join(text.strip(b" \r\n\t\"'").split()), validate=True)
    except ValueError:
        return text


# The beginning of DER: a SEQUENCE, its length, and an INTEGER, which is the version: 3 for PKCS#12 (RFC 7292 s4).
_der = re.compile(rb"\x30(?:[\0-\x80]|\x81.|\x82..|\x83...|\x84....)\x02\x01(.)", re.DOTALL).match
# A path has characters that base64 does not have, or is shorter than any key.
_path = re.compile(rb"(?=.*[.~_\\-]|/|.{1,99}$)[^\r\n]{1,1000}").fullmatch


def _describe(given: bytes) -> str:
    """Say what stands in the place of PEM text, and what to do about it; nothing of it is repeated."""
    text = given.strip(b" \r\n\t\"'")
    inside = _decode_base64(given)
    der = _der(inside)
    if not text:
        return "rsa_key is empty: give the PEM text of an RSA key"
    if der and der[1] == b"\3":
        return (
            "rsa_key is a PKCS#12 file: take the key out of it, as PEM text, "
            "with openssl pkcs12 -in FILE -nocerts -nodes -out key.pem"
        )
    if der and inside is given:
        return "rsa_key is DER, which is binary: make PEM of it with openssl pkey -inform DER -in FILE -out key.pem"
    if der or b"-----END " in text:
        return "rsa_key has no BEGIN line: give the whole of the PEM file, from -----BEGIN to -----END ...-----"
    if text.startswith(b"PuTTY-"):
        return "rsa_key is a key of PuTTY's: make PEM text of it with puttygen FILE -O private-openssh -o key.pem"
    if text.startswith(b"{"):
        return "rsa_key is JSON: give the PEM text of the key that is in it, or a JSON Web Key as PEM"
    if text.isascii() and _path(text):
        return "rsa_key is not PEM text; if it is the path of a file, give what the file has in it"
    return _NOT_PEM


_NOT_PEM = "rsa_key is not PEM text of an RSA key (PKCS#1, PKCS#8 or OpenSSH), or it is damaged"


def _parse(pem: bytes, passphrase: bytes | None) -> Any:
    """Read PEM text, whichever of its formats it has."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return _read_private(pem, passphrase) if b"PRIVATE KEY" in pem else _read_public(pem)
    except TypeError:
        # cryptography's word both for a passphrase that is missing and for one too many.
        if passphrase is None:
            raise UsageError("rsa_key is encrypted: give rsa_key=(pem, passphrase)") from None
        raise UsageError("rsa_key has a passphrase with it, and is not encrypted: give it alone") from None
    except UnsupportedAlgorithm:
        raise UsageError(
            "rsa_key is of a kind that cryptography cannot read here; OpenSSH's encrypted keys need the package "
            "'bcrypt' too: pip install 'requests-oauth-hook[rsa]'"
        ) from None
    except ValueError:
        if passphrase is not None:
            raise UsageError("rsa_key cannot be read: its passphrase is wrong, or the PEM text is damaged") from None
        raise UsageError(f"{_NOT_PEM}; if it is encrypted, give (pem, passphrase)") from None


def _read_private(pem: bytes, passphrase: bytes | None) -> Any:
    from cryptography.hazmat.primitives import serialization

    if b"BEGIN OPENSSH" in pem:
        return serialization.load_ssh_private_key(pem, passphrase)
    return serialization.load_pem_private_key(pem, passphrase)


def _read_public(pem: bytes) -> Any:
    from cryptography.hazmat.primitives import serialization
    from cryptography.x509 import load_pem_x509_certificate

    if b"BEGIN CERTIFICATE" in pem:
        return load_pem_x509_certificate(pem).public_key()
    if pem.startswith(b"ssh-"):
        return serialization.load_ssh_public_key(pem)
    return serialization.load_pem_public_key(pem)


def _kinds() -> tuple[type[Any], type[Any]]:
    """Return the classes of private and public RSA keys."""
    try:
        from cryptography.hazmat.primitives.asymmetric import rsa
    except ImportError:
        raise UsageError(_INSTALL) from None
    return rsa.RSAPrivateKey, rsa.RSAPublicKey


def _scheme(digest: str) -> tuple[Any, Any]:
    """Return the padding and the hash, as ``cryptography`` wants them."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return padding.PKCS1v15(), getattr(hashes, digest.upper())()
