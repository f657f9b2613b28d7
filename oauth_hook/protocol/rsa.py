"""RSA keys (RFC 5849 s3.4.3; RSASSA-PKCS1-v1_5, RFC 8017 s8.2).

``cryptography`` is the extra ``rsa`` and is imported where a key is read, never
before. A key is read once, by ``load_key``: parsing it for each request costs other
clients a hundred times what the signature itself does.
"""

from __future__ import annotations

import hmac
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
    """Read an RSA key.

    :param given: PEM as ``str`` or ``bytes`` (PKCS#1, PKCS#8 or OpenSSH's own format);
        ``(PEM, passphrase)``; a loaded key of ``cryptography``; or a callable that signs
        bytes itself, for a key that never leaves its hardware.
    :param public: a public key, or a certificate, will do as well: for verification.
    :raises UsageError: it is not an RSA key, its passphrase is wrong or missing, or
        ``cryptography`` is not installed.
    """
    if isinstance(given, RSAKey):
        return given
    key, passphrase = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
    if isinstance(key, str | bytes):
        key = _parse(_to_bytes(key), None if passphrase is None else _to_bytes(passphrase))
    elif callable(key):
        return RSAKey(given, key)
    private_kind, public_kind = _kinds()
    if isinstance(key, private_kind) or (public and isinstance(key, public_kind)):
        return RSAKey(given, key)
    if isinstance(key, public_kind):
        raise UsageError("rsa_key is a public key, which cannot sign: give the private one")
    raise UsageError(
        "rsa_key must be an RSA key: PEM text, (PEM text, passphrase), a loaded key or a callable, "
        f"not {type(key).__name__}"
    )


def _parse(pem: bytes, passphrase: bytes | None) -> Any:
    """Read PEM text, whichever of its formats it has."""
    _kinds()
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return _read_private(pem, passphrase) if b"PRIVATE KEY" in pem else _read_public(pem)
    except TypeError:
        # cryptography's word both for a passphrase that is missing and for one too many.
        mend = "give rsa_key=(pem, passphrase)" if passphrase is None else "it is not encrypted, give it alone"
        raise UsageError(f"rsa_key does not go with its passphrase: {mend}") from None
    except UnsupportedAlgorithm:
        raise UsageError(
            "rsa_key is of a kind that cryptography cannot read here; OpenSSH's encrypted keys need the package "
            "'bcrypt' too: pip install 'requests-oauth-hook[rsa]'"
        ) from None
    except ValueError:
        if passphrase is not None:
            raise UsageError("rsa_key cannot be read: its passphrase is wrong, or the PEM text is damaged") from None
        raise UsageError(
            "rsa_key is not PEM text of an RSA key (PKCS#1, PKCS#8 or OpenSSH); "
            "if it is encrypted, give (pem, passphrase)"
        ) from None


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


def _to_bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
