"""RSA keys as files, environment variables and secret stores hold them: taken, or named in the message."""

import base64
import json
import logging
import textwrap
import traceback
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from oauth_hook import Consumer, OAuthHook, UsageError, sign, verify

URL = "https://api.example.com/1"
KEY = rsa.generate_private_key(65537, 2048)
PUBLIC = KEY.public_key()
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
NOW = datetime.now(timezone.utc)
CERTIFICATE = (
    x509.CertificateBuilder()
    .subject_name(NAME)
    .issuer_name(NAME)
    .public_key(PUBLIC)
    .serial_number(1)
    .not_valid_before(NOW)
    .not_valid_after(NOW + timedelta(1))
    .sign(KEY, hashes.SHA256())
)
REQUEST = x509.CertificateSigningRequestBuilder().subject_name(NAME).sign(KEY, hashes.SHA256())


def private(key=KEY, form="PKCS8", encoding="PEM", passphrase=None):
    how = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(getattr(serialization.Encoding, encoding), getattr(serialization.PrivateFormat, form), how)


def public(form="SubjectPublicKeyInfo", encoding="PEM"):
    return PUBLIC.public_bytes(getattr(serialization.Encoding, encoding), getattr(serialization.PublicFormat, form))


def signature(key):
    return sign(
        "GET", URL, consumer=Consumer("c"), signature_method="RSA-SHA256", rsa_key=key, nonce="n", timestamp=1
    ).signature  # fmt: skip


SHAPES = {
    "as it is": lambda pem: pem,
    "literal \\n": lambda pem: pem.replace("\n", "\\n"),
    "literal \\r\\n": lambda pem: pem.replace("\n", "\\r\\n"),
    "literal \\\\n": lambda pem: pem.replace("\n", "\\\\n"),
    "literal \\n before each line end": lambda pem: pem.replace("\n", "\\n\n"),
    "CRLF": lambda pem: pem.replace("\n", "\r\n"),
    "CR": lambda pem: pem.replace("\n", "\r"),
    "indented": lambda pem: textwrap.indent(pem, "    "),
    "tabs and blank lines": lambda pem: "\n\n" + pem.replace("\n", "\t\n"),
    "quoted": lambda pem: f'"{pem}"',
    "quoted, literal \\n": lambda pem: repr(pem),
    "no last line end": lambda pem: pem.rstrip(),
    "a line of a .env file": lambda pem: "RSA_KEY=" + json.dumps(pem),
    "JSON": lambda pem: json.dumps({"private_key": pem}),
    "byte order mark": lambda pem: "\ufeff" + pem,
    "text around it": lambda pem: f"Bag Attributes\n    localKeyID: 01\n{pem}\nthe end",
    "base64": lambda pem: base64.b64encode(pem.encode()).decode(),
    "base64 in lines and quotes": lambda pem: f"'{base64.encodebytes(pem.encode()).decode()}'",
    "a certificate before it": lambda pem: CERTIFICATE.public_bytes(serialization.Encoding.PEM).decode() + pem,
}
FLAT = {
    "spaces for line ends": lambda pem: pem.replace("\n", " "),
    "no line ends": lambda pem: pem.replace("\n", ""),
    "base64 of no line ends": lambda pem: base64.b64encode(pem.replace("\n", "").encode()).decode(),
}
FORMATS = {
    "PKCS#8": private(),
    "PKCS#1": private(form="TraditionalOpenSSL"),
    "OpenSSH": private(form="OpenSSH"),
    "PKCS#8, encrypted": (private(passphrase=b"pass"), "pass"),
    "PKCS#1, encrypted": (private(form="TraditionalOpenSSL", passphrase=b"pass"), b"pass"),
    "OpenSSH, encrypted": (private(form="OpenSSH", passphrase=b"pass"), "pass"),
}


# Flat, the header lines of PKCS#1's encryption (RFC 1421) cannot be told from what follows them. And OpenSSH's
# encryption is slow on purpose.
COMBINATIONS = [
    *[(form, shape) for form in list(FORMATS)[:4] for shape in [*SHAPES, *FLAT]],
    *[("PKCS#1, encrypted", shape) for shape in SHAPES],
    ("OpenSSH, encrypted", "quoted, literal \\n"),
]


@pytest.mark.parametrize(("form", "shape"), COMBINATIONS)
def test_keys_are_taken_as_variables_and_files_hold_them(form, shape):
    """Whatever became of its line ends and of what is around it, a private key signs as the file does."""
    given = FORMATS[form]
    pem, passphrase = given if isinstance(given, tuple) else (given, None)
    text = (SHAPES | FLAT)[shape](pem.decode())
    for key in (text, text.encode()):
        assert signature(key if passphrase is None else (key, passphrase)) == signature(KEY)


@pytest.mark.parametrize("shape", SHAPES)
def test_public_keys_and_certificates_are_taken_alike(shape):
    """The half that verifies is read as leniently as the one that signs."""
    signed = sign("GET", URL, consumer=Consumer("c"), signature_method="RSA-SHA256", rsa_key=KEY)
    for pem in (public(), public("PKCS1"), CERTIFICATE.public_bytes(serialization.Encoding.PEM)):
        if shape != "a certificate before it":
            given = SHAPES[shape](pem.decode())
            assert verify("GET", URL, headers=signed.headers, consumer=Consumer("c"), rsa_key=given)
    given = public("OpenSSH", "OpenSSH")
    assert verify("GET", URL, headers=signed.headers, consumer=Consumer("c"), rsa_key=given)


PEM = private().decode()
BODY = "".join(PEM.splitlines()[1:-1])
P12 = pkcs12.serialize_key_and_certificates(b"n", KEY, CERTIFICATE, None, serialization.NoEncryption())
WRONG = {
    "empty": ("", "is empty"),
    "white space": (" \n", "is empty"),
    "DER": (private(encoding="DER"), "is DER, .*openssl pkey -inform DER"),
    "DER of PKCS#1": (private(encoding="DER", form="TraditionalOpenSSL"), "is DER"),
    "DER, decoded": (private(encoding="DER").decode("latin-1"), "is DER"),
    "PKCS#12": (P12, r"is a PKCS#12 file: .*openssl pkcs12"),
    "PKCS#12 in base64": (base64.b64encode(P12).decode(), "is a PKCS#12 file"),
    "no BEGIN line": (PEM.partition("\n")[2], "has no BEGIN line"),
    "no BEGIN and no END line": (BODY, "has no BEGIN line"),
    "the same in lines": ("\n".join(PEM.splitlines()[1:-1]), "has no BEGIN line"),
    "no END line": (PEM.rpartition("-----END")[0], "is cut off"),
    "cut off": (PEM[:400], "is cut off"),
    "another END line": (PEM.replace("END PRIVATE", "END RSA PRIVATE"), "is cut off"),
    "a path": ("/etc/keys/private.pem", "path of a file"),
    "a path in the folder": ("private.pem", "path of a file"),
    "a path of Windows": (r"C:\Users\me\keys\private.pem", "path of a file"),
    "a long path": ("~/" + "a-folder/" * 30 + "key", "path of a file"),
    "a Path": (Path("private.pem"), r"not \w*Path: .*path.read_bytes"),
    "EC": (private(ec.generate_private_key(ec.SECP256R1())), "another kind than RSA .*EC.*genrsa"),
    "EC, traditional": (private(ec.generate_private_key(ec.SECP256R1()), "TraditionalOpenSSL"), "another kind"),
    "Ed25519 of OpenSSH": (private(ed25519.Ed25519PrivateKey.generate(), "OpenSSH"), "another kind .*Ed25519"),
    "DSA": (private(dsa.generate_private_key(2048)), "another kind .*DSA"),
    "a loaded EC key": (ec.generate_private_key(ec.SECP256R1()), "another kind"),
    "public": (public(), "is a public key, which cannot sign"),
    "public, PKCS#1": (public("PKCS1"), "is a public key, which cannot sign"),
    "public, OpenSSH": (public("OpenSSH", "OpenSSH"), "is a public key, which cannot sign"),
    "public, loaded": (PUBLIC, "is a public key, which cannot sign"),
    "certificate": (CERTIFICATE.public_bytes(serialization.Encoding.PEM), "is a certificate"),
    "certificate request": (REQUEST.public_bytes(serialization.Encoding.PEM), "not PEM text of an RSA key"),
    "encrypted": (private(passphrase=b"hunter2"), r"is encrypted: give rsa_key=\(pem, passphrase\)"),
    "encrypted, PKCS#1": (private(form="TraditionalOpenSSL", passphrase=b"hunter2"), "is encrypted"),
    "encrypted, OpenSSH": (private(form="OpenSSH", passphrase=b"hunter2"), "is encrypted"),
    "wrong passphrase": ((private(passphrase=b"pass"), "hunter2"), "passphrase is wrong"),
    "needless passphrase": ((private(), "hunter2"), "not encrypted: give it alone"),
    "PuTTY": ("PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n" + BODY, "key of PuTTY's: .*puttygen"),
    "JSON Web Key": ('{"kty": "RSA", "d": "hunter2"}', "is JSON"),
    "damaged": (PEM.replace(BODY[64:128], "A" * 64), "not PEM text of an RSA key .*damaged"),
    "not base64": ("-----BEGIN PRIVATE KEY-----\nhunter2!\n-----END PRIVATE KEY-----", "damaged"),
    "a secret": ("kd94hf93k423kf44", "not PEM text"),
    "noise": (bytes(range(256)) * 9, "not PEM text"),
    "a lone surrogate": ("\udcff" * 200, "not PEM text"),
    "a number": (42, "not int"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_private_rsa_key_is_named(case, caplog):
    """Each says what was given and what to do; nothing of a key is in the message, its cause or a log."""
    given, message = WRONG[case]
    caplog.set_level(logging.DEBUG)
    with pytest.raises(UsageError, match=message) as error:
        OAuthHook(consumer_key="c", signature_method="RSA-SHA256", rsa_key=given)
    shown = "".join(traceback.format_exception(error.value)) + caplog.text
    assert error.value.__cause__ is None
    assert "hunter2" not in shown
    assert "kd94hf93k423kf44" not in shown
    assert not any(BODY[i : i + 16] in shown for i in range(0, len(BODY) - 16, 8))


@pytest.mark.parametrize(
    "unit", ["-----BEGIN ", "-----BEGIN A-----", "-----END ", "\\n", "A", ".", " ", "ssh-", "0\x82"]
)
def test_a_large_text_that_is_no_key_is_refused_at_once(unit):
    """What is given in the place of a key is read in time linear in it."""
    with pytest.raises(UsageError):
        OAuthHook(consumer_key="c", signature_method="RSA-SHA256", rsa_key=unit * 300_000)
