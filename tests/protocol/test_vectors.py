"""Published examples of OAuth 1.0 signatures, each pinned at every stage that its source publishes.

The stages are normalized parameters (RFC 5849 s3.4.1.3.2), base string (s3.4.1.1), signature (s3.4.2 to
s3.4.4) and ``Authorization`` header (s3.5.1). A row says where its numbers stand in print. What a source
does not publish is ``None`` here, and so not compared with anything of ours. Where print is wrong, the row
has the right value, ``misprints`` has the printed one, and the comment has the evidence.

Print was read in copies: OAuth Core 1.0 Revision A in its Draft 3, the OAuth wiki in liboauth's tests, other
pages that are gone in the tests named beside them.

What does not come from print is compared with oauthlib (base strings and signatures) and ``urllib.parse``
(s3.6), which share no code with us. ``sign`` and ``verify`` beyond examples: ``test_signing.py``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes, urlsplit

import pytest
from oauthlib.oauth1.rfc5849 import signature as oauthlib_signature

from oauth_hook import AccessToken, Consumer, sign, verify
from oauth_hook.protocol.base_string import base_string, base_string_uri
from oauth_hook.protocol.body_hash import body_hash
from oauth_hook.protocol.encoding import escape, escape_form, escape_header_value, unescape
from oauth_hook.protocol.methods import METHODS, Key, signing_key
from oauth_hook.protocol.parameters import FORM, divide, join_pairs, normalize, parse_pairs
from oauth_hook.protocol.placement import append, authorization, parse_authorization, quote_pairs
from oauth_hook.protocol.rsa import load_key
from oauth_hook.protocol.url import split_url

# --- the form of a row ---


@dataclass(frozen=True, kw_only=True)
class Vector:
    """A published request, and what its source says of it.

    ``oauth`` has the protocol parameters, decoded and without ``oauth_signature``.
    """

    name: str
    source: str
    url: str
    oauth: tuple[tuple[str, str], ...]
    method: str = "GET"
    form: str | None = None
    text: str | None = None  #: a body that is no form
    consumer_secret: str = ""
    token_secret: str = ""
    rsa_key: str | None = None
    rsa_certificate: str | None = None
    normalized: str | None = None
    base_string: str | None = None
    signature: str | None = None
    header: str | None = None  #: as published, each line break a space
    signed_url: str | None = None  #: as published, the parameters in the query
    signed_form: str | None = None  #: as published, the parameters in the body
    misprints: tuple[str, ...] = ()  #: signatures as printed that are wrong

    def __getitem__(self, name: str) -> str | None:
        return dict(self.oauth).get(f"oauth_{name}")

    @property
    def body(self) -> str | None:
        return self.text if self.form is None else self.form

    @property
    def content_type(self) -> dict[str, str]:
        if self.body is None:
            return {}
        return {"Content-Type": "text/plain" if self.form is None else FORM}

    @property
    def credentials(self) -> dict[str, object]:
        key = self["token"]
        token = None if key is None else AccessToken(key, self.token_secret)
        return {"consumer": Consumer(self["consumer_key"] or "", self.consumer_secret), "token": token}

    @property
    def authorization(self) -> str:
        """The header: the published one, or one that owes nothing to our code."""
        if self.header is not None:
            return self.header
        assert self.signature is not None
        pairs = [*self.oauth, ("oauth_signature", self.signature)]
        return "OAuth " + ", ".join(f'{name}="{quote(value, safe="~")}"' for name, value in pairs)


def oauth(**values: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"oauth_{name}", value) for name, value in values.items())


# --- RFC 5849 ---

RFC_BASE_STRING = (
    "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D"
    "%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a"
    "%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
)
RFC_REQUEST = {
    "method": "POST",
    "url": "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
    "form": "c2&a3=2+q",
}

RFC5849 = [
    Vector(
        name="rfc5849-s1.2-initiate",
        source="RFC 5849 s1.2, temporary credentials",
        method="POST",
        url="https://photos.example.net/initiate",
        oauth=oauth(
            consumer_key="dpf43f3p2l4k3l03",
            signature_method="HMAC-SHA1",
            timestamp="137131200",
            nonce="wIjqoS",
            callback="http://printer.example.com/ready",
        ),
        consumer_secret="kd94hf93k423kf44",
        signature="74KNZJeDHnMBp0EMJ9ZHt/XKycU=",
        header='OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_signature_method="HMAC-SHA1", '
        'oauth_timestamp="137131200", oauth_nonce="wIjqoS", '
        'oauth_callback="http%3A%2F%2Fprinter.example.com%2Fready", '
        'oauth_signature="74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D"',
    ),
    Vector(
        name="rfc5849-s1.2-token",
        source="RFC 5849 s1.2, token credentials",
        method="POST",
        url="https://photos.example.net/token",
        oauth=oauth(
            consumer_key="dpf43f3p2l4k3l03",
            token="hh5s93j4hdidpola",
            signature_method="HMAC-SHA1",
            timestamp="137131201",
            nonce="walatlh",
            verifier="hfdp7dh39dks9884",
        ),
        consumer_secret="kd94hf93k423kf44",
        token_secret="hdhd0244k9j7ao03",
        signature="gKgrFCywp7rO0OXSjdot/IHF7IU=",
        header='OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="hh5s93j4hdidpola", '
        'oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="walatlh", '
        'oauth_verifier="hfdp7dh39dks9884", oauth_signature="gKgrFCywp7rO0OXSjdot%2FIHF7IU%3D"',
    ),
    Vector(
        # The text names no scheme for this one: the signature is that of http.
        name="rfc5849-s1.2-photos",
        source="RFC 5849 s1.2, the photo",
        url="http://photos.example.net/photos?file=vacation.jpg&size=original",
        oauth=oauth(
            consumer_key="dpf43f3p2l4k3l03",
            token="nnch734d00sl2jdk",
            signature_method="HMAC-SHA1",
            timestamp="137131202",
            nonce="chapoH",
        ),
        consumer_secret="kd94hf93k423kf44",
        token_secret="pfkkdhi9sl3r4s00",
        signature="MdpQcU8iPSUjWoN/UDMsK2sui9I=",
        header='OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk", '
        'oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH", '
        'oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"',
    ),
    Vector(
        name="rfc5849-s2.1",
        source="RFC 5849 s2.1 (PLAINTEXT, s3.4.4)",
        method="POST",
        url="https://server.example.com/request_temp_credentials",
        oauth=oauth(
            consumer_key="jd83jd92dhsh93js",
            signature_method="PLAINTEXT",
            callback="http://client.example.net/cb?x=1",
        ),
        consumer_secret="ja893SD9",
        signature="ja893SD9&",
        header='OAuth realm="Example", oauth_consumer_key="jd83jd92dhsh93js", oauth_signature_method="PLAINTEXT", '
        'oauth_callback="http%3A%2F%2Fclient.example.net%2Fcb%3Fx%3D1", oauth_signature="ja893SD9%26"',
    ),
    Vector(
        name="rfc5849-s2.3",
        source="RFC 5849 s2.3 (PLAINTEXT, s3.4.4)",
        method="POST",
        url="https://server.example.com/request_token",
        oauth=oauth(
            consumer_key="jd83jd92dhsh93js",
            token="hdk48Djdsa",
            signature_method="PLAINTEXT",
            verifier="473f82d3",
        ),
        consumer_secret="ja893SD9",
        token_secret="xyz4992k83j47x0b",
        signature="ja893SD9&xyz4992k83j47x0b",
        header='OAuth realm="Example", oauth_consumer_key="jd83jd92dhsh93js", oauth_token="hdk48Djdsa", '
        'oauth_signature_method="PLAINTEXT", oauth_verifier="473f82d3", '
        'oauth_signature="ja893SD9%26xyz4992k83j47x0b"',
    ),
    Vector(
        # s3.1 and s3.4.1.1 print bYT5..., s3.4.1.3.1 prints djos...: neither is a signature of this request
        # under the secrets of s3.1. Erratum 2550 has r6/T..., and so has oauthlib (see below).
        name="rfc5849-s3.1",
        source="RFC 5849 s3.1, s3.4.1.1, s3.4.1.3.1 and .2, with erratum 2550",
        **RFC_REQUEST,
        oauth=oauth(
            consumer_key="9djdj82h48djs9d2",
            token="kkk9d7dh3k39sjv7",
            signature_method="HMAC-SHA1",
            timestamp="137131201",
            nonce="7d8f3e4a",
        ),
        consumer_secret="j49sk3j29djd",
        token_secret="dh893hdasih9",
        normalized="a2=r%20b&a3=2%20q&a3=a&b5=%3D%253D&c%40=&c2=&oauth_consumer_key=9djdj82h48djs9d2"
        "&oauth_nonce=7d8f3e4a&oauth_signature_method=HMAC-SHA1&oauth_timestamp=137131201"
        "&oauth_token=kkk9d7dh3k39sjv7",
        base_string=RFC_BASE_STRING,
        signature="r6/TJjbCOr97/+UU0NsvSne7s5g=",
        header='OAuth realm="Example", oauth_consumer_key="9djdj82h48djs9d2", oauth_token="kkk9d7dh3k39sjv7", '
        'oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="7d8f3e4a", '
        'oauth_signature="r6%2FTJjbCOr97%2F%2BUU0NsvSne7s5g%3D"',
        misprints=("bYT5CMsGcbgUdFHObYMEfcx6bsw=", "djosJKDKJSD8743243/jdk33klY="),
    ),
    Vector(
        name="rfc5849-s3.1-with-version",
        source="request (the JavaScript client), tests/test-oauth.js: s3.1 with oauth_version",
        **RFC_REQUEST,
        oauth=oauth(
            consumer_key="9djdj82h48djs9d2",
            token="kkk9d7dh3k39sjv7",
            signature_method="HMAC-SHA1",
            timestamp="137131201",
            nonce="7d8f3e4a",
            version="1.0",
        ),
        consumer_secret="j49sk3j29djd",
        token_secret="dh893hdasih9",
        signature="OB33pYjWAnf+xtOHN4Gmbdil168=",
    ),
]

# --- OAuth Core 1.0 Revision A, Appendix A ---

CORE = [
    Vector(
        name="core-1.0a-A.2",
        source="OAuth Core 1.0 Revision A, Appendix A.2",
        method="POST",
        url="https://photos.example.net/request_token",
        oauth=oauth(
            consumer_key="dpf43f3p2l4k3l03",
            signature_method="PLAINTEXT",
            timestamp="1191242090",
            nonce="hsu94j3884jdopsl",
            version="1.0",
            callback="http://printer.example.com/request_token_ready",
        ),
        consumer_secret="kd94hf93k423kf44",
        signature="kd94hf93k423kf44&",
        signed_url="https://photos.example.net/request_token?oauth_consumer_key=dpf43f3p2l4k3l03"
        "&oauth_signature_method=PLAINTEXT&oauth_signature=kd94hf93k423kf44%26&oauth_timestamp=1191242090"
        "&oauth_nonce=hsu94j3884jdopsl&oauth_version=1.0"
        "&oauth_callback=http%3A%2F%2Fprinter.example.com%2Frequest_token_ready",
    ),
    Vector(
        name="core-1.0a-A.4",
        source="OAuth Core 1.0 Revision A, Appendix A.4",
        method="POST",
        url="https://photos.example.net/access_token",
        oauth=oauth(
            consumer_key="dpf43f3p2l4k3l03",
            token="hh5s93j4hdidpola",
            signature_method="PLAINTEXT",
            timestamp="1191242092",
            nonce="dji430splmx33448",
            version="1.0",
            verifier="hfdp7dh39dks9884",
        ),
        consumer_secret="kd94hf93k423kf44",
        token_secret="hdhd0244k9j7ao03",
        signature="kd94hf93k423kf44&hdhd0244k9j7ao03",
        signed_url="https://photos.example.net/access_token?oauth_consumer_key=dpf43f3p2l4k3l03"
        "&oauth_token=hh5s93j4hdidpola&oauth_signature_method=PLAINTEXT"
        "&oauth_signature=kd94hf93k423kf44%26hdhd0244k9j7ao03&oauth_timestamp=1191242092"
        "&oauth_nonce=dji430splmx33448&oauth_version=1.0&oauth_verifier=hfdp7dh39dks9884",
    ),
    Vector(
        name="core-1.0a-A.5",
        source="OAuth Core 1.0 Revision A, Appendix A.5.1 to A.5.3",
        url="http://photos.example.net/photos?file=vacation.jpg&size=original",
        oauth=oauth(
            consumer_key="dpf43f3p2l4k3l03",
            token="nnch734d00sl2jdk",
            signature_method="HMAC-SHA1",
            timestamp="1191242096",
            nonce="kllo9940pd9333jh",
            version="1.0",
        ),
        consumer_secret="kd94hf93k423kf44",
        token_secret="pfkkdhi9sl3r4s00",
        normalized="file=vacation.jpg&oauth_consumer_key=dpf43f3p2l4k3l03&oauth_nonce=kllo9940pd9333jh"
        "&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1191242096&oauth_token=nnch734d00sl2jdk"
        "&oauth_version=1.0&size=original",
        base_string="GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg"
        "%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3Dkllo9940pd9333jh"
        "%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1191242096%26oauth_token%3Dnnch734d00sl2jdk"
        "%26oauth_version%3D1.0%26size%3Doriginal",
        signature="tR3+Ty81lMeYAr/Fid0kMTYa/WM=",
        header='OAuth realm="http://photos.example.net/", oauth_consumer_key="dpf43f3p2l4k3l03", '
        'oauth_token="nnch734d00sl2jdk", oauth_signature_method="HMAC-SHA1", '
        'oauth_signature="tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D", oauth_timestamp="1191242096", '
        'oauth_nonce="kllo9940pd9333jh", oauth_version="1.0"',
        signed_url="http://photos.example.net/photos?file=vacation.jpg&size=original"
        "&oauth_consumer_key=dpf43f3p2l4k3l03&oauth_token=nnch734d00sl2jdk&oauth_signature_method=HMAC-SHA1"
        "&oauth_signature=tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D&oauth_timestamp=1191242096"
        "&oauth_nonce=kllo9940pd9333jh&oauth_version=1.0",
    ),
]

# --- the OAuth wiki's TestCases, and the discussion that they came from ---

# The wiki's RSA key pair: a test vector, known to everybody and of no use for anything else.
WIKI_RSA_KEY = """-----BEGIN PRIVATE KEY-----
MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBALRiMLAh9iimur8V
A7qVvdqxevEuUkW4K+2KdMXmnQbG9Aa7k7eBjK1S+0LYmVjPKlJGNXHDGuy5Fw/d
7rjVJ0BLB+ubPK8iA/Tw3hLQgXMRRGRXXCn8ikfuQfjUS1uZSatdLB81mydBETlJ
hI6GH4twrbDJCR2Bwy/XWXgqgGRzAgMBAAECgYBYWVtleUzavkbrPjy0T5FMou8H
X9u2AC2ry8vD/l7cqedtwMPp9k7TubgNFo+NGvKsl2ynyprOZR1xjQ7WgrgVB+mm
uScOM/5HVceFuGRDhYTCObE+y1kxRloNYXnx3ei1zbeYLPCHdhxRYW7T0qcynNmw
rn05/KO2RLjgQNalsQJBANeA3Q4Nugqy4QBUCEC09SqylT2K9FrrItqL2QKc9v0Z
zO2uwllCbg0dwpVuYPYXYvikNHHg+aCWF+VXsb9rpPsCQQDWR9TT4ORdzoj+Nccn
qkMsDmzt0EfNaAOwHOmVJ2RVBspPcxt5iN4HI7HNeG6U5YsFBb+/GZbgfBT3kpNG
WPTpAkBI+gFhjfJvRw38n3g/+UeAkwMI2TJQS4n8+hid0uus3/zOjDySH3XHCUno
cn1xOJAyZODBo47E+67R4jV1/gzbAkEAklJaspRPXP877NssM5nAZMU0/O/NGCZ+
3jPgDUno6WbJn5cqm8MqWhW1xGkImgRk+fkDBquiq4gPiT898jusgQJAd5Zrr6Q8
AO/0isr/3aa6O6NLQxISLKcPDk2NOccAfS/xOtfOz4sJYM3+Bs4Io9+dZGSDCA54
Lw03eHTNQghS0A==
-----END PRIVATE KEY-----
"""
WIKI_RSA_CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBpjCCAQ+gAwIBAgIBATANBgkqhkiG9w0BAQUFADAZMRcwFQYDVQQDDA5UZXN0
IFByaW5jaXBhbDAeFw03MDAxMDEwODAwMDBaFw0zODEyMzEwODAwMDBaMBkxFzAV
BgNVBAMMDlRlc3QgUHJpbmNpcGFsMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKB
gQC0YjCwIfYoprq/FQO6lb3asXrxLlJFuCvtinTF5p0GxvQGu5O3gYytUvtC2JlY
zypSRjVxwxrsuRcP3e641SdASwfrmzyvIgP08N4S0IFzEURkV1wp/IpH7kH41Etb
mUmrXSwfNZsnQRE5SYSOhh+LcK2wyQkdgcMv11l4KoBkcwIDAQABMA0GCSqGSIb3
DQEBBQUAA4GBAGZLPEuJ5SiJ2ryq+CmEGOXfvlTtEL2nuGtr9PewxkgnOjZpUy+d
4TvuXJbNQc8f4AMWL/tO9w0Fk80rWKp9ea8/df4qMq5qlFWlx6yOLQxumNOmECKb
WpkUQDIDJEoFUzKMVuJf4KO/FJ345+BNLGgbJ6WujreoM1X/gYfdnJ/J
-----END CERTIFICATE-----
"""

WIKI = [
    Vector(
        name="wiki-9.1.3-path",
        source="OAuth wiki, TestCases, Concatenate Request Elements (Core s9.1.3)",
        url="http://example.com/?n=v",
        oauth=(),
        base_string="GET&http%3A%2F%2Fexample.com%2F&n%3Dv",
    ),
    Vector(
        name="wiki-9.1.3-no-path",
        source="OAuth wiki, TestCases, Concatenate Request Elements (Core s9.1.3)",
        url="http://example.com?n=v",
        oauth=(),
        base_string="GET&http%3A%2F%2Fexample.com%2F&n%3Dv",
    ),
    Vector(
        name="wiki-9.1.3-plaintext",
        source="OAuth wiki, TestCases, Concatenate Request Elements (Core s9.1.3)",
        method="POST",
        url="https://photos.example.net/request_token",
        oauth=oauth(
            version="1.0",
            consumer_key="dpf43f3p2l4k3l03",
            timestamp="1191242090",
            nonce="hsu94j3884jdopsl",
            signature_method="PLAINTEXT",
        ),
        base_string="POST&https%3A%2F%2Fphotos.example.net%2Frequest_token"
        "&oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3Dhsu94j3884jdopsl"
        "%26oauth_signature_method%3DPLAINTEXT%26oauth_timestamp%3D1191242090%26oauth_version%3D1.0",
    ),
    Vector(
        # The file is called vacaction in print, and so it is signed.
        name="wiki-9.3-rsa",
        source="OAuth wiki, TestCases, RSA-SHA1 (Core s9.3)",
        url="http://photos.example.net/photos?file=vacaction.jpg&size=original",
        oauth=oauth(
            consumer_key="dpf43f3p2l4k3l03",
            signature_method="RSA-SHA1",
            version="1.0",
            timestamp="1196666512",
            nonce="13917289812797014437",
        ),
        rsa_key=WIKI_RSA_KEY,
        rsa_certificate=WIKI_RSA_CERTIFICATE,
        base_string="GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacaction.jpg"
        "%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3D13917289812797014437"
        "%26oauth_signature_method%3DRSA-SHA1%26oauth_timestamp%3D1196666512%26oauth_version%3D1.0"
        "%26size%3Doriginal",
        signature="jvTp/wX1TYtByB1m+Pbyo0lnCOLIsyGCH7wke8AUs3BpnwZJtAuEJkvQL2/9n4s5wUmUl4aCI4BwpraNx4RtEXMe5qg5T1LV"
        "TGliMRpKasKsW//e+RinhejgCuzoH26dyF8iY2ZZ/5D1ilgeijhV/vBka5twt399mXwaYdCwFYE=",
    ),
    Vector(
        # Every part needs escaping: both keys, both secrets, values; the port is the default one, a name is
        # there twice.
        name="oauth-group-photo",
        source="OAuth Google group, E. Hammer-Lahav's test case, as in liboauth's tests/oauthtest.c",
        url="http://example.com:80/photo?title=taken%20with%20a%2030%25%20orange%20filter"
        "&file=mountain%20%26%20water%20view&format=jpeg&include=date&include=aperture",
        oauth=oauth(
            version="1.0",
            consumer_key="1234=asdf=4567",
            timestamp="12303202302",
            nonce="3jd834jd9",
            token="asdf-4354=asew-5698",
            signature_method="HMAC-SHA1",
        ),
        consumer_secret="erks823*43=asd&123ls%23",
        token_secret="dis9$#$Js009%==",
        base_string="GET&http%3A%2F%2Fexample.com%2Fphoto&file%3Dmountain%2520%2526%2520water%2520view"
        "%26format%3Djpeg%26include%3Daperture%26include%3Ddate%26oauth_consumer_key%3D1234%253Dasdf%253D4567"
        "%26oauth_nonce%3D3jd834jd9%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D12303202302"
        "%26oauth_token%3Dasdf-4354%253Dasew-5698%26oauth_version%3D1.0"
        "%26title%3Dtaken%2520with%2520a%252030%2525%2520orange%2520filter",
        signature="jMdUSR1vOr3SzNv3gZ5DDDuGirA=",
        signed_url="http://example.com/photo?file=mountain%20%26%20water%20view&format=jpeg&include=aperture"
        "&include=date&oauth_consumer_key=1234%3Dasdf%3D4567&oauth_nonce=3jd834jd9"
        "&oauth_signature_method=HMAC-SHA1&oauth_timestamp=12303202302&oauth_token=asdf-4354%3Dasew-5698"
        "&oauth_version=1.0&title=taken%20with%20a%2030%25%20orange%20filter"
        "&oauth_signature=jMdUSR1vOr3SzNv3gZ5DDDuGirA%3D",
    ),
]

# --- X, formerly Twitter ---

X_UPDATE = {
    "method": "POST",
    "form": "status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21",
    "oauth": oauth(
        consumer_key="xvz1evFS4wEEPTGEFPHBog",
        nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        signature_method="HMAC-SHA1",
        timestamp="1318622958",
        token="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        version="1.0",
    ),
    "consumer_secret": "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    "token_secret": "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    "normalized": "include_entities=true&oauth_consumer_key=xvz1evFS4wEEPTGEFPHBog"
    "&oauth_nonce=kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg&oauth_signature_method=HMAC-SHA1"
    "&oauth_timestamp=1318622958&oauth_token=370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"
    "&oauth_version=1.0&status=Hello%20Ladies%20%2B%20Gentlemen%2C%20a%20signed%20OAuth%20request%21",
}
X_UPDATE_PARAMETERS = (
    "&include_entities%3Dtrue%26oauth_consumer_key%3Dxvz1evFS4wEEPTGEFPHBog"
    "%26oauth_nonce%3DkYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg%26oauth_signature_method%3DHMAC-SHA1"
    "%26oauth_timestamp%3D1318622958%26oauth_token%3D370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"
    "%26oauth_version%3D1.0%26status%3DHello%2520Ladies%2520%252B%2520Gentlemen%252C%2520a%2520signed%2520OAuth"
    "%2520request%2521"
)

X = [
    Vector(
        name="x-update-1",
        source="Twitter, Creating a signature and Authorizing a request, as of API 1",
        url="https://api.twitter.com/1/statuses/update.json?include_entities=true",
        **X_UPDATE,
        base_string="POST&https%3A%2F%2Fapi.twitter.com%2F1%2Fstatuses%2Fupdate.json" + X_UPDATE_PARAMETERS,
        signature="tnnArxj06cWHq44gCs1OSKk/jLY=",
        header='OAuth oauth_consumer_key="xvz1evFS4wEEPTGEFPHBog", '
        'oauth_nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", '
        'oauth_signature="tnnArxj06cWHq44gCs1OSKk%2FjLY%3D", oauth_signature_method="HMAC-SHA1", '
        'oauth_timestamp="1318622958", oauth_token="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", '
        'oauth_version="1.0"',
    ),
    Vector(
        name="x-update-1.1",
        source="Twitter, Creating a signature, as of API 1.1",
        url="https://api.twitter.com/1.1/statuses/update.json?include_entities=true",
        **X_UPDATE,
        base_string="POST&https%3A%2F%2Fapi.twitter.com%2F1.1%2Fstatuses%2Fupdate.json" + X_UPDATE_PARAMETERS,
        signature="hCtSmYh+iHYCEqBWrE7C7hYmtUk=",
    ),
    Vector(
        # Authorizing a request still prints the signature of API 1, tnnA..., which is none of this request:
        # Creating a signature has Ls93..., and so has oauthlib (see below).
        name="x-update-x.com",
        source="X, Creating a signature",
        url="https://api.x.com/1.1/statuses/update.json?include_entities=true",
        **X_UPDATE,
        base_string="POST&https%3A%2F%2Fapi.x.com%2F1.1%2Fstatuses%2Fupdate.json" + X_UPDATE_PARAMETERS,
        signature="Ls93hJiZbQ3akF3HF3x1Bz8/zU4=",
        misprints=("tnnArxj06cWHq44gCs1OSKk/jLY=",),
    ),
    Vector(
        name="x-sign-in-request-token",
        source="Twitter, Implementing Sign in with Twitter, step 1, as in dghubble/oauth1 reference_test.go",
        method="POST",
        url="https://api.twitter.com/oauth/request_token",
        oauth=oauth(
            callback="http://localhost/sign-in-with-twitter/",
            consumer_key="cChZNFj6T5R0TigYB9yd1w",
            nonce="ea9ec8429b68d6b77cd5600adbbb0456",
            signature_method="HMAC-SHA1",
            timestamp="1318467427",
            version="1.0",
        ),
        consumer_secret="L8qq9PZyRg6ieKGEKhZolGC0vJWLw8iEJ88DRdyOg",
        signature="F1Li3tvehgcraF8DMJ7OyxO4w9Y=",
    ),
    Vector(
        name="x-sign-in-access-token",
        source="Twitter, Implementing Sign in with Twitter, step 3, as in dghubble/oauth1 reference_test.go",
        method="POST",
        url="https://api.twitter.com/oauth/access_token",
        oauth=oauth(
            consumer_key="cChZNFj6T5R0TigYB9yd1w",
            nonce="a9900fe68e2573b27a37f10fbad6a755",
            signature_method="HMAC-SHA1",
            timestamp="1318467427",
            token="NPcudxy0yU5T3tBzho7iCotZ3cnetKwcTIRlX0iwRl0",
            verifier="uw7NjWHT6OJ1MpJOXsHfNxoAhPKpgI8BlYDhxEjIBY",
            version="1.0",
        ),
        consumer_secret="L8qq9PZyRg6ieKGEKhZolGC0vJWLw8iEJ88DRdyOg",
        token_secret="veNRnAWe6inFuo8o2u8SLLZLjolYDmDP7SzL0YfYI",
        signature="39cipBtIOHEEnybAR4sATQTpl2I=",
    ),
    Vector(
        name="twitter-2010-request-token",
        source="Twitter, dev.twitter.com/docs/auth/oauth (2010), as in mikeal/oauth-sign test.js",
        method="POST",
        url="https://api.twitter.com/oauth/request_token",
        oauth=oauth(
            nonce="QP70eNmVz8jvdPevU3oJD2AfF7R7odC2XJcn4XlZJqk",
            callback="http://localhost:3005/the_dance/process_callback?service_provider_id=11",
            signature_method="HMAC-SHA1",
            timestamp="1272323042",
            consumer_key="GDdmIQH6jhtmLUypg82g",
            version="1.0",
        ),
        consumer_secret="MCD8BKwGdgPHvAuvgvz4EQpqDAtx89grbuNMRd7Eh98",
        base_string="POST&https%3A%2F%2Fapi.twitter.com%2Foauth%2Frequest_token"
        "&oauth_callback%3Dhttp%253A%252F%252Flocalhost%253A3005%252Fthe_dance%252Fprocess_callback"
        "%253Fservice_provider_id%253D11%26oauth_consumer_key%3DGDdmIQH6jhtmLUypg82g"
        "%26oauth_nonce%3DQP70eNmVz8jvdPevU3oJD2AfF7R7odC2XJcn4XlZJqk%26oauth_signature_method%3DHMAC-SHA1"
        "%26oauth_timestamp%3D1272323042%26oauth_version%3D1.0",
        signature="8wUi7m5HFQy76nowoCThusfgB+Q=",
        header='OAuth oauth_nonce="QP70eNmVz8jvdPevU3oJD2AfF7R7odC2XJcn4XlZJqk", '
        'oauth_callback="http%3A%2F%2Flocalhost%3A3005%2Fthe_dance%2Fprocess_callback%3Fservice_provider_id%3D11", '
        'oauth_signature_method="HMAC-SHA1", oauth_timestamp="1272323042", '
        'oauth_consumer_key="GDdmIQH6jhtmLUypg82g", oauth_signature="8wUi7m5HFQy76nowoCThusfgB%2BQ%3D", '
        'oauth_version="1.0"',
    ),
    Vector(
        name="twitter-2010-access-token",
        source="Twitter, dev.twitter.com/docs/auth/oauth (2010), as in mikeal/oauth-sign test.js",
        method="POST",
        url="https://api.twitter.com/oauth/access_token",
        oauth=oauth(
            consumer_key="GDdmIQH6jhtmLUypg82g",
            nonce="9zWH6qe0qG7Lc1telCn7FhUbLyVdjEaL3MO5uHxn8",
            signature_method="HMAC-SHA1",
            token="8ldIZyxQeVrFZXFOZH5tAwj6vzJYuLQpl0WUEYtWc",
            timestamp="1272323047",
            verifier="pDNg57prOHapMbhv25RNf75lVRd6JDsni1AJJIDYoTY",
            version="1.0",
        ),
        consumer_secret="MCD8BKwGdgPHvAuvgvz4EQpqDAtx89grbuNMRd7Eh98",
        token_secret="x6qpRnlEmW9JbQn4PQVVeVG8ZLPEx6A0TOebgwcuA",
        base_string="POST&https%3A%2F%2Fapi.twitter.com%2Foauth%2Faccess_token"
        "&oauth_consumer_key%3DGDdmIQH6jhtmLUypg82g%26oauth_nonce%3D9zWH6qe0qG7Lc1telCn7FhUbLyVdjEaL3MO5uHxn8"
        "%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1272323047"
        "%26oauth_token%3D8ldIZyxQeVrFZXFOZH5tAwj6vzJYuLQpl0WUEYtWc"
        "%26oauth_verifier%3DpDNg57prOHapMbhv25RNf75lVRd6JDsni1AJJIDYoTY%26oauth_version%3D1.0",
        signature="PUw/dHA4fnlJYM6RhXk5IU/0fCc=",
    ),
    Vector(
        name="twitter-2010-update",
        source="Twitter, dev.twitter.com/docs/auth/oauth (2010), as in mikeal/oauth-sign test.js",
        method="POST",
        url="http://api.twitter.com/1/statuses/update.json",
        form="status=setting+up+my+twitter+" + quote("私のさえずりを設定する"),
        oauth=oauth(
            consumer_key="GDdmIQH6jhtmLUypg82g",
            nonce="oElnnMTQIZvqvlfXM56aBLAf5noGD0AQR3Fmi7Q6Y",
            signature_method="HMAC-SHA1",
            token="819797-Jxq8aYUDRmykzVKrgoLhXSq67TEa5ruc4GJC2rWimw",
            timestamp="1272325550",
            version="1.0",
        ),
        consumer_secret="MCD8BKwGdgPHvAuvgvz4EQpqDAtx89grbuNMRd7Eh98",
        token_secret="J6zix3FfA9LofH0awS24M3HcBYXO5nI1iYe8EfBA",
        signature="yOahq5m0YjDDjfjxHaXEsW9D+X0=",
    ),
]

# --- other services ---

NETSUITE = {
    "oauth": oauth(
        token="2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
        consumer_key="ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
        nonce="fjaLirsIcCGVZWzBX0pg",
        timestamp="1508242306",
        signature_method="HMAC-SHA256",
        version="1.0",
    ),
    "consumer_secret": "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
    "token_secret": "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
}
NETSUITE_PARAMETERS = (
    "oauth_consumer_key%3Def40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4"
    "%26oauth_nonce%3DfjaLirsIcCGVZWzBX0pg%26oauth_signature_method%3DHMAC-SHA256%26oauth_timestamp%3D1508242306"
    "%26oauth_token%3D2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc%26oauth_version%3D1.0"
)
NETSUITE_SCRIPT = "/app/site/hosting/restlet.nl?script=6&deploy=1&customParam=someValue&testParam=someOtherValue"
NETSUITE_ONE_KEY = "60712990bc09623786e7047c226bcb3f86d49dca0b04efc21001dc76d97a81f5"
ETRADE = {
    "oauth": oauth(
        nonce="0bba225a40d1bbac2430aa0c6163ce44",
        timestamp="1344885636",
        consumer_key="c5bb4dcb7bd6826c7c4340df3f791188",
        token="VbiNYl63EejjlKdQM6FeENzcnrLACrZ2JYD6NQROfVI=",
        signature_method="HMAC-SHA1",
    ),
    "consumer_secret": "7d30246211192cda43ede3abd9b393b9",
    "token_secret": "XCF9RzyQr4UEPloA+WlC06BnTfYC1P0Fwr3GUw/B0Es=",
}
LTI = {
    "method": "POST",
    "form": "basiclti_submit=Launch+Endpoint+with+BasicLTI+Data&context_id=456434513&context_label=SI182"
    "&context_title=Design+of+Personal+Environments&lis_person_contact_email_primary=user%40school.edu"
    "&lis_person_name_full=Jane+Q.+Public&lis_person_sourced_id=school.edu%3Auser"
    "&lti_message_type=basic-lti-launch-request&lti_version=LTI-1p0&resource_link_id=120988f929-274612"
    "&roles=Instructor&tool_consumer_instance_description=University+of+School+%28LMSng%29"
    "&tool_consumer_instance_guid=lmsng.school.edu&user_id=292832126",
    "oauth": oauth(
        consumer_key="12345",
        nonce="c8350c0e47782d16d2fa48b2090c1d8f",
        signature_method="HMAC-SHA1",
        timestamp="1251600739",
        version="1.0",
    ),
    "consumer_secret": "secret",
}

SERVICES = [
    Vector(
        name="netsuite-record",
        source="NetSuite, The Signature for Web Services and RESTlets; The Authorization Headers",
        url="https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40",
        **NETSUITE,
        base_string="GET&https%3A%2F%2F123456.suitetalk.api.netsuite.com%2Fservices%2Frest%2Frecord%2Fv1"
        "%2Femployee%2F40&" + NETSUITE_PARAMETERS,
        signature="B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY=",
        header='OAuth realm="123456", oauth_token="2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc"'
        ', oauth_consumer_key="ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4", '
        'oauth_nonce="fjaLirsIcCGVZWzBX0pg", oauth_timestamp="1508242306", '
        'oauth_signature_method="HMAC-SHA256", oauth_version="1.0", '
        'oauth_signature="B5OIWznZ2YP0OB7VrJrGkYsTh%2B8H%2B5T9Hag%2Bo92q0zY%3D"',
    ),
    Vector(
        name="netsuite-restlet",
        source="NetSuite, The Signature for Web Services and RESTlets",
        method="POST",
        url="https://123456.restlets.api.netsuite.com" + NETSUITE_SCRIPT,
        **NETSUITE,
        signature="+KK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ=",
    ),
    Vector(
        name="netsuite-restlet-1234567",
        source="NetSuite, The Signature for Web Services and RESTlets, as in LedgerSync's tests",
        method="POST",
        url="https://1234567.restlets.api.netsuite.com" + NETSUITE_SCRIPT,
        **NETSUITE,
        base_string="POST&https%3A%2F%2F1234567.restlets.api.netsuite.com%2Fapp%2Fsite%2Fhosting%2Frestlet.nl"
        "&customParam%3DsomeValue%26deploy%3D1%26" + NETSUITE_PARAMETERS + "%26script%3D6%26testParam%3DsomeOtherValue",
        signature="i7MEtGwhCTIZbTsTrNGw9LdcERn4wsjt5C7TxmKWIfU=",
    ),
    Vector(
        name="netsuite-step-one",
        source="NetSuite, Constructing the Signature for Step One of the TBA Authorization Flow",
        method="POST",
        url="https://1234567.restlets.api.netsuite.com/rest/requesttoken",
        oauth=oauth(
            callback="https://my.example.com/TBA/?callbackRequest",
            consumer_key=NETSUITE_ONE_KEY,
            nonce="bUvpxBX93OWo0FLswq5M",
            signature_method="HMAC-SHA256",
            timestamp="1575998103",
            version="1.0",
        ),
        consumer_secret=NETSUITE_ONE_KEY,  # the source says that the two are the same here
        # The signature as in a C# client's tests, which name this page.
        signature="KPBoxLKj2sTc+7dmTT9K2dsVnK5r7n5/RopNeuZrn70=",
    ),
    Vector(
        name="etrade-accounts",
        source="E*TRADE, Developer Guides, Authorization",
        url="https://api.etrade.com/v1/accounts/list",
        **ETRADE,
        signature="UOnPVdzExTAgHkcGWLLfeTaaMSM=",
    ),
    Vector(
        name="etrade-accounts-older",
        source="E*TRADE, older Developer Guides, as in jaytwo.HttpClient's tests",
        url="https://etws.etrade.com/accounts/rest/accountlist",
        **ETRADE,
        signature="/Xiv96DzZabnUG2bzPZIH2RARHM=",
    ),
    Vector(
        # The secret is not in print; flickcurl's tests have it. Newer copies of the page have https in the
        # request, of which the signature is not true.
        name="flickr-request-token",
        source="Flickr, Using OAuth with Flickr, Signing Requests; the secret: flickcurl's oauth.c",
        url="http://www.flickr.com/services/oauth/request_token",
        oauth=oauth(
            nonce="95613465",
            timestamp="1305586162",
            consumer_key="653e7a6ecc1d528c516cc8f92cf98611",
            signature_method="HMAC-SHA1",
            version="1.0",
            callback="http://www.example.com",
        ),
        consumer_secret="a9567d986a7539fe",
        base_string="GET&http%3A%2F%2Fwww.flickr.com%2Fservices%2Foauth%2Frequest_token"
        "&oauth_callback%3Dhttp%253A%252F%252Fwww.example.com"
        "%26oauth_consumer_key%3D653e7a6ecc1d528c516cc8f92cf98611%26oauth_nonce%3D95613465"
        "%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1305586162%26oauth_version%3D1.0",
        signature="7w18YS2bONDPL/zgyzP5XTr5af4=",
        signed_url="http://www.flickr.com/services/oauth/request_token?oauth_nonce=95613465"
        "&oauth_timestamp=1305586162&oauth_consumer_key=653e7a6ecc1d528c516cc8f92cf98611"
        "&oauth_signature_method=HMAC-SHA1&oauth_version=1.0&oauth_signature=7w18YS2bONDPL%2FzgyzP5XTr5af4%3D"
        "&oauth_callback=http%3A%2F%2Fwww.example.com",
    ),
    Vector(
        name="flickr-wackylabs",
        source="wackylabs.net, OAuth and Flickr, part 2 (2011), as quoted by others",
        url="http://www.flickr.com/services/oauth/request_token",
        oauth=oauth(
            callback="http://www.wackylabs.net/oauth/test",
            consumer_key="768fe946d252b119746fda82e1599980",
            nonce="C2F26CD5C075BA9050AD8EE90644CF29",
            timestamp="1316657628",
            signature_method="HMAC-SHA1",
            version="1.0",
        ),
        consumer_secret="1a3c208e172d3edc",
        normalized="oauth_callback=http%3A%2F%2Fwww.wackylabs.net%2Foauth%2Ftest"
        "&oauth_consumer_key=768fe946d252b119746fda82e1599980&oauth_nonce=C2F26CD5C075BA9050AD8EE90644CF29"
        "&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1316657628&oauth_version=1.0",
        base_string="GET&http%3A%2F%2Fwww.flickr.com%2Fservices%2Foauth%2Frequest_token"
        "&oauth_callback%3Dhttp%253A%252F%252Fwww.wackylabs.net%252Foauth%252Ftest"
        "%26oauth_consumer_key%3D768fe946d252b119746fda82e1599980%26oauth_nonce%3DC2F26CD5C075BA9050AD8EE90644CF29"
        "%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1316657628%26oauth_version%3D1.0",
        signature="0fhNGlzpFNAsTme/hDfUb5HPB5U=",
        signed_url="http://www.flickr.com/services/oauth/request_token"
        "?oauth_callback=http%3A%2F%2Fwww.wackylabs.net%2Foauth%2Ftest"
        "&oauth_consumer_key=768fe946d252b119746fda82e1599980&oauth_nonce=C2F26CD5C075BA9050AD8EE90644CF29"
        "&oauth_timestamp=1316657628&oauth_signature_method=HMAC-SHA1&oauth_version=1.0"
        "&oauth_signature=0fhNGlzpFNAsTme%2FhDfUb5HPB5U%3D",
    ),
    Vector(
        # The guide's form sends oauth_callback=about:blank besides, which its own signature leaves out and
        # s3.4.1.3.1 would not: pinned is the request of which the signature is true.
        name="lti-launch",
        source="IMS, Basic LTI 1.0 Implementation Guide, Appendix B.5, as in ims-lti's tests",
        url="http://dr-chuck.com/ims/php-simple/tool.php",
        **LTI,
        signature="TPFPK4u3NwmtLt0nDMP1G1zG30U=",
    ),
    Vector(
        name="lti-launch-with-query",
        source="ims-lti (the Ruby library), the same with a query",
        url="http://dr-chuck.com/ims/php-simple/tool.php?a=1&b=2&c=3%20%26a",
        **LTI,
        signature="uF7LooyefQN5aocx7UlYQ4tQM5k=",
    ),
]

# --- the body hash ---

MASTERCARD_KEY = "x" * 48

BODY_HASH = [
    Vector(
        # The draft says no secrets. These, and so the signature, are python-oauth2's.
        name="body-hash-A.1",
        source="OAuth Request Body Hash 1.0, draft 4, Appendix A.1; signature: python-oauth2's tests",
        method="PUT",
        url="http://www.example.com/resource",
        text="Hello World!",
        oauth=oauth(
            version="1.0",
            token="token",
            nonce="10369470270925",
            timestamp="1236874236",
            consumer_key="consumer",
            signature_method="HMAC-SHA1",
            body_hash="Lve95gjOVATpfV8EL5X4nxwjKHE=",
        ),
        consumer_secret="con-test-secret",
        base_string="PUT&http%3A%2F%2Fwww.example.com%2Fresource"
        "&oauth_body_hash%3DLve95gjOVATpfV8EL5X4nxwjKHE%253D%26oauth_consumer_key%3Dconsumer"
        "%26oauth_nonce%3D10369470270925%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1236874236"
        "%26oauth_token%3Dtoken%26oauth_version%3D1.0",
        signature="CTFmrqJIGT7NsWJ42OrujahTtTc=",
    ),
    Vector(
        # The header of A.1 is not of its base string: it has another nonce and timestamp. What it has for a
        # signature, 08bUFF/jmp59mWB7cSgCYBUpJ0U=, nobody can judge without the secrets.
        name="body-hash-A.1-header",
        source="OAuth Request Body Hash 1.0, draft 4, Appendix A.1; signature: python-oauth2's tests",
        method="PUT",
        url="http://www.example.com/resource",
        text="Hello World!",
        oauth=oauth(
            version="1.0",
            token="token",
            nonce="10288510250934",
            timestamp="1236874155",
            consumer_key="consumer",
            signature_method="HMAC-SHA1",
            body_hash="Lve95gjOVATpfV8EL5X4nxwjKHE=",
        ),
        consumer_secret="con-test-secret",
        signature="t+MX8l/0S8hdbVQL99nD0X1fPnM=",
    ),
    Vector(
        # No body at all: the hash is that of nothing. sign() sends none there, so this is for the stages.
        name="body-hash-A.2",
        source="OAuth Request Body Hash 1.0, draft 4, Appendix A.2",
        url="http://www.example.com/resource",
        oauth=oauth(
            version="1.0",
            token="token",
            nonce="8628868109991",
            timestamp="1238395022",
            consumer_key="consumer",
            signature_method="HMAC-SHA1",
            body_hash="2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
        ),
        base_string="GET&http%3A%2F%2Fwww.example.com%2Fresource"
        "&oauth_body_hash%3D2jmj7l5rSw0yVb%252FvlWAYkK%252FYBwk%253D%26oauth_consumer_key%3Dconsumer"
        "%26oauth_nonce%3D8628868109991%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1238395022"
        "%26oauth_token%3Dtoken%26oauth_version%3D1.0",
    ),
    Vector(
        name="mastercard-sha1",
        source="Mastercard/oauth1-signer-python, tests/test_oauth.py, the base string that it signs",
        method="POST",
        url="https://sandbox.api.mastercard.com/fraud/merchant/v1/termination-inquiry"
        "?Format=XML&PageOffset=0&PageLength=10",
        oauth=oauth(
            consumer_key=MASTERCARD_KEY,
            nonce="1111111111111111111",
            timestamp="1111111111",
            version="1.0",
            signature_method="RSA-SHA1",
            body_hash="WhqqH+TU95VgZMItpdq78BWb4cE=",
        ),
        base_string="POST&https%3A%2F%2Fsandbox.api.mastercard.com%2Ffraud%2Fmerchant%2Fv1%2Ftermination-inquiry"
        "&Format%3DXML%26PageLength%3D10%26PageOffset%3D0"
        "%26oauth_body_hash%3DWhqqH%252BTU95VgZMItpdq78BWb4cE%253D%26oauth_consumer_key%3D"
        + MASTERCARD_KEY
        + "%26oauth_nonce%3D1111111111111111111%26oauth_signature_method%3DRSA-SHA1"
        "%26oauth_timestamp%3D1111111111%26oauth_version%3D1.0",
    ),
    Vector(
        # The source has %2F and %3D in the hash, where the row above has %252B and %253D: its function leaves
        # the value's own encoding (s3.4.1.3.2) out. Right is what s3.4.1.3.2, that row and oauthlib have.
        name="mastercard-sha256",
        source="Mastercard/oauth1-signer-python, tests/test_oauth.py, the base string that it builds",
        method="POST",
        url="https://sandbox.api.mastercard.com/fraud/merchant/v1/termination-inquiry"
        "?Format=XML&PageOffset=0&PageLength=10",
        oauth=oauth(
            consumer_key=MASTERCARD_KEY,
            nonce="1111111111111111111",
            timestamp="1111111111",
            version="1.0",
            body_hash="h2Pd7zlzEZjZVIKB4j94UZn/xxoR3RoCjYQ9/JdadGQ=",
        ),
        base_string="POST&https%3A%2F%2Fsandbox.api.mastercard.com%2Ffraud%2Fmerchant%2Fv1%2Ftermination-inquiry"
        "&Format%3DXML%26PageLength%3D10%26PageOffset%3D0"
        "%26oauth_body_hash%3Dh2Pd7zlzEZjZVIKB4j94UZn%252FxxoR3RoCjYQ9%252FJdadGQ%253D%26oauth_consumer_key%3D"
        + MASTERCARD_KEY
        + "%26oauth_nonce%3D1111111111111111111%26oauth_timestamp%3D1111111111%26oauth_version%3D1.0",
    ),
]

# --- oauthlib's own, which OpenSSL computed ---

# A test vector of oauthlib's, public and of no use for anything else.
OAUTHLIB_RSA_KEY = """-----BEGIN RSA PRIVATE KEY-----
MIICXgIBAAKBgQDk1/bxyS8Q8jiheHeYYp/4rEKJopeQRRKKpZI4s5i+UPwVpupG
AlwXWfzXwSMaKPAoKJNdu7tqKRniqst5uoHXw98gj0x7zamu0Ck1LtQ4c7pFMVah
5IYGhBi2E9ycNS329W27nJPWNCbESTu7snVlG8V8mfvGGg3xNjTMO7IdrwIDAQAB
AoGBAOQ2KuH8S5+OrsL4K+wfjoCi6MfxCUyqVU9GxocdM1m30WyWRFMEz2nKJ8fR
p3vTD4w8yplTOhcoXdQZl0kRoaDzrcYkm2VvJtQRrX7dKFT8dR8D/Tr7dNQLOXfC
DY6xveQczE7qt7Vk7lp4FqmxBsaaEuokt78pOOjywZoInjZhAkEA9wz3zoZNT0/i
rf6qv2qTIeieUB035N3dyw6f1BGSWYaXSuerDCD/J1qZbAPKKhyHZbVawFt3UMhe
542UftBaxQJBAO0iJy1I8GQjGnS7B3yvyH3CcLYGy296+XO/2xKp/d/ty1OIeovx
C60pLNwuFNF3z9d2GVQAdoQ89hUkOtjZLeMCQQD0JO6oPHUeUjYT+T7ImAv7UKVT
Suy30sKjLzqoGw1kR+wv7C5PeDRvscs4wa4CW9s6mjSrMDkDrmCLuJDtmf55AkEA
kmaMg2PNrjUR51F0zOEFycaaqXbGcFwe1/xx9zLmHzMDXd4bsnwt9kk+fe0hQzVS
JzatanQit3+feev1PN3QewJAWv4RZeavEUhKv+kLe95Yd0su7lTLVduVgh4v5yLT
Ga6FHdjGPcfajt+nrpB1n8UQBEH9ZxniokR/IPvdMlxqXA==
-----END RSA PRIVATE KEY-----
"""
OAUTHLIB_TIMES = {"timestamp": "1378988215", "nonce": "14205877133089081931378988215"}

OAUTHLIB = [
    Vector(
        name="oauthlib-body",
        source="oauthlib, tests/oauth1/rfc5849/test_client.py, parameters in the body",
        method="POST",
        url="http://i.b/path",
        form="a=b",
        oauth=oauth(**OAUTHLIB_TIMES, version="1.0", signature_method="HMAC-SHA1", consumer_key="client_key"),
        signature="2JAQomgbShqoscqKWBiYQZwWq94=",
        signed_form="a=b&oauth_nonce=14205877133089081931378988215&oauth_timestamp=1378988215&oauth_version=1.0"
        "&oauth_signature_method=HMAC-SHA1&oauth_consumer_key=client_key"
        "&oauth_signature=2JAQomgbShqoscqKWBiYQZwWq94%3D",
    ),
    Vector(
        name="oauthlib-query",
        source="oauthlib, tests/oauth1/rfc5849/test_client.py, parameters in the query",
        method="POST",
        url="http://i.b/path",
        oauth=oauth(**OAUTHLIB_TIMES, version="1.0", signature_method="HMAC-SHA1", consumer_key="client_key"),
        signature="08G5Snvw+gDAzBF+CmT5KqlrPKo=",
        signed_url="http://i.b/path?oauth_nonce=14205877133089081931378988215&oauth_timestamp=1378988215"
        "&oauth_version=1.0&oauth_signature_method=HMAC-SHA1&oauth_consumer_key=client_key"
        "&oauth_signature=08G5Snvw%2BgDAzBF%2BCmT5KqlrPKo%3D",
    ),
    Vector(
        name="oauthlib-rsa",
        source="oauthlib, tests/oauth1/rfc5849/test_client.py, RSA",
        url="http://example.com",
        oauth=oauth(
            nonce="abc",
            timestamp="1234567890",
            version="1.0",
            signature_method="RSA-SHA1",
            consumer_key="client_key",
        ),
        rsa_key=OAUTHLIB_RSA_KEY,
        signature="ktvzkUhtrIawBcq21DRJrAyysTc3E1Zq5GdGu8EzHOtbeaCmOBDLGHAcqlm92mj7xp5E1Z6i2vbExPimYAJL7FzkLnkRE5YE"
        "JR4rNtIgAf1OZbYsIUmmBO+CLuStuu5Lg3tAluwC7XkkgoXCBaRKT1mUXzPHJILzZ8iFOvS6w5E=",
        header='OAuth oauth_nonce="abc", oauth_timestamp="1234567890", oauth_version="1.0", '
        'oauth_signature_method="RSA-SHA1", oauth_consumer_key="client_key", '
        'oauth_signature="ktvzkUhtrIawBcq21DRJrAyysTc3E1Zq5GdGu8EzHOtbeaCmOBDLGHAcqlm92mj7xp5E1Z6i2vbExPimYAJL7Fzk'
        'LnkRE5YEJR4rNtIgAf1OZbYsIUmmBO%2BCLuStuu5Lg3tAluwC7XkkgoXCBaRKT1mUXzPHJILzZ8iFOvS6w5E%3D"',
    ),
    Vector(
        name="oauthlib-chinese",
        source="oauthlib, tests/oauth1/rfc5849/test_client.py, a Chinese form",
        method="POST",
        url="http://i.b/path",
        form="status=%E5%95%A6%E5%95%A6",
        oauth=oauth(
            nonce="abc", timestamp="abc", version="1.0", signature_method="HMAC-SHA1", consumer_key="client_key"
        ),
        signature="yrtSqp88m/c5UDaucI8BXK4oEtk=",
    ),
    Vector(
        name="oauthlib-danish",
        source="oauthlib, tests/oauth1/rfc5849/test_client.py, a Danish form",
        method="POST",
        url="http://i.b/path",
        form="status=%C3%A6%C3%A5%C3%B8",
        oauth=oauth(
            nonce="abc", timestamp="abc", version="1.0", signature_method="HMAC-SHA1", consumer_key="client_key"
        ),
        signature="oG5t3Eg/XO5FfQgUUlTtUeeZzvk=",
    ),
]

VECTORS = [*RFC5849, *CORE, *WIKI, *X, *SERVICES, *BODY_HASH, *OAUTHLIB]


def having(*stages: str, among: list[Vector] = VECTORS) -> pytest.MarkDecorator:
    """Run a test for each row whose source publishes all of these stages."""
    rows = [v for v in among if all(getattr(v, stage) for stage in stages)]
    assert rows
    return pytest.mark.parametrize("vector", rows, ids=[v.name for v in rows])


# --- stage by stage ---


def normalized_by_us(vector: Vector) -> str:
    query = divide(urlsplit(vector.url).query)
    form = divide(vector.form or "")
    return normalize([*query[1], *form[1], *((escape(name), escape(value)) for name, value in vector.oauth)])


def base_string_by_us(vector: Vector) -> str:
    address = split_url(vector.url)
    uri = base_string_uri(address.scheme, address.authority, address.path)
    return base_string(vector.method, uri, normalized_by_us(vector))


@having("normalized")
def test_parameters_are_normalized_as_published(vector):
    """Query, form and protocol parameters become the published string (s3.4.1.3)."""
    assert vector.normalized == normalized_by_us(vector)


@having("base_string")
def test_base_strings_are_as_published(vector):
    """Method, URI and parameters become the published base string (s3.4.1.1)."""
    assert vector.base_string == base_string_by_us(vector)


@having("signature")
def test_signatures_are_as_published(vector):
    """The method named makes the published signature of the base string and the secrets (s3.4.2 to s3.4.4)."""
    key = Key(signing_key(vector.consumer_secret, vector.token_secret), vector.rsa_key and load_key(vector.rsa_key))
    assert vector.signature == METHODS[vector["signature_method"]].signature(base_string_by_us(vector), key)


@having("header")
def test_headers_are_as_published(vector):
    """Placed in the published order, the parameters are the published header, octet for octet (s3.5.1)."""
    realm, published = header_values(vector.header)
    values = dict(vector.oauth) | {"oauth_signature": vector.signature}
    pairs = [(name, escape(values.pop(name))) for name in published]
    assert vector.header == authorization(quote_pairs(pairs), realm)
    assert values == {}


@having("header")
def test_published_headers_are_read(vector):
    """A published header is read as the realm and the parameters that it was made of (s3.5.1)."""
    realm, pairs = parse_authorization(vector.header)
    assert header_values(vector.header) == (realm, dict(pairs))
    assert dict(vector.oauth) | {"oauth_signature": vector.signature} == {n: unescape(v) for n, v in pairs}


def header_values(header: str) -> tuple[str | None, dict[str, str]]:
    scheme, _, rest = header.partition(" ")
    assert scheme == "OAuth"
    values = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    return values.pop("realm", None), values


# --- through the front door ---

# oauth_version is what sign() always sends: a request without it can be verified, not made.
SIGNABLE = [v for v in VECTORS if v["version"] and v["signature_method"]]


def signed_by_us(vector: Vector, **more: object):
    arguments = {"headers": vector.content_type} | more
    return sign(
        vector.method,
        vector.url,
        body=vector.body,
        **vector.credentials,
        signature_method=vector["signature_method"],
        rsa_key=vector.rsa_key,
        callback=vector["callback"],
        verifier=vector["verifier"],
        body_hash=vector["body_hash"] and "sha1",
        nonce=vector["nonce"],
        timestamp=vector["timestamp"],
        **arguments,
    )


@having("signature", among=SIGNABLE)
def test_sign_makes_what_is_published(vector):
    """``sign`` makes the published base string, signature and header from the request and the credentials."""
    realm, published = header_values(vector.authorization)
    signed = signed_by_us(vector, realm=realm)
    assert vector.signature == signed.signature
    assert vector.base_string in (None, signed.base_string)
    assert (realm, published) == header_values(signed.headers["Authorization"])
    assert (vector.url, vector.body) == (signed.url, signed.body)


@having("base_string", among=[v for v in SIGNABLE if v.signature is None and v["signature_method"] == "PLAINTEXT"])
def test_sign_makes_the_base_string_of_plaintext_too(vector):
    """``sign`` says the published base string for PLAINTEXT, which makes no use of it (s3.4.4)."""
    assert vector.base_string == signed_by_us(vector).base_string


@having("signature", among=SIGNABLE)
@pytest.mark.parametrize("placement", ["query", "url-encoded", "header+url-encoded"])
def test_a_signature_is_the_same_in_every_place(vector, placement):
    """Where the parameters travel (s3.5) changes nothing about the signature, and the result verifies."""
    signed = signed_by_us(vector, placement=placement)
    assert vector.signature == signed.signature
    verdict = verify(
        vector.method,
        signed.url,
        headers=signed.headers,
        body=signed.body,
        **vector.credentials,
        rsa_key=vector.rsa_key,
    )
    assert verdict.reason == ""


@having("signature", among=SIGNABLE)
def test_signing_a_published_request_again_changes_nothing(vector):
    """The published signature is taken out before the request is signed, so that the same one comes out."""
    again = signed_by_us(vector, headers=vector.content_type | {"Authorization": vector.authorization})
    assert header_values(vector.authorization) == header_values(again.headers["Authorization"])


def verdict_on(vector: Vector, **changed: object):
    request = {
        "url": vector.url,
        "headers": vector.content_type | {"Authorization": vector.authorization},
        "body": vector.body,
        "rsa_key": vector.rsa_certificate or vector.rsa_key,
        **vector.credentials,
    } | changed
    return verify(vector.method, request.pop("url"), **request)


@having("signature")
def test_published_requests_verify(vector):
    """``verify`` accepts the published request, and its base string is the published one."""
    verdict = verdict_on(vector)
    assert verdict.reason == ""
    assert vector.base_string in (None, verdict.base_string)


@having("signed_url")
def test_published_addresses_verify(vector):
    """``verify`` accepts the published address, parameters in the query (s3.5.3)."""
    assert verdict_on(vector, url=vector.signed_url, headers={}).reason == ""


@having("signed_form")
def test_published_forms_verify(vector):
    """``verify`` accepts the published form, parameters in the body (s3.5.2)."""
    assert verdict_on(vector, headers=vector.content_type, body=vector.signed_form).reason == ""


@having("signature")
def test_another_signature_does_not_verify(vector):
    """``verify`` refuses the published request under the signature with two characters swapped."""
    wrong = vector.signature[1] + vector.signature[0] + vector.signature[2:]
    assert wrong != vector.signature
    assert not verdict_on(vector, headers=with_signature(vector, wrong))


@having("misprints")
def test_misprinted_signatures_do_not_verify(vector):
    """Signatures that are wrong in print are wrong to ``verify``: nothing was bent to make them fit."""
    for printed in vector.misprints:
        verdict = verdict_on(vector, headers=with_signature(vector, printed))
        assert verdict.reason.startswith("the signature is wrong")


def with_signature(vector: Vector, signature: str) -> dict[str, str]:
    value = quote(signature, safe="~")
    header = re.sub(r'oauth_signature="[^"]*"', f'oauth_signature="{value}"', vector.authorization)
    return vector.content_type | {"Authorization": header}


# --- an independent oracle ---


def base_string_by_oauthlib(vector: Vector) -> str:
    pairs = [f'{name}="{quote(value, safe="~")}"' for name, value in vector.oauth]
    parameters = oauthlib_signature.collect_parameters(
        uri_query=urlsplit(vector.url).query,
        body=vector.form,
        headers={"Authorization": "OAuth " + ", ".join(pairs)} if pairs else None,
    )
    return oauthlib_signature.signature_base_string(
        vector.method,
        oauthlib_signature.base_string_uri(vector.url),
        oauthlib_signature.normalize_parameters(parameters),
    )


@pytest.mark.parametrize("vector", VECTORS, ids=[v.name for v in VECTORS])
def test_oauthlib_builds_the_same_base_string(vector):
    """oauthlib, which shares no code with us, builds our base string; the published one, where there is one."""
    expected = base_string_by_oauthlib(vector)
    assert expected == base_string_by_us(vector)
    assert vector.base_string in (None, expected)


OAUTHLIB_METHODS = {
    "HMAC-SHA1": oauthlib_signature.sign_hmac_sha1_with_client,
    "HMAC-SHA256": oauthlib_signature.sign_hmac_sha256_with_client,
    "HMAC-SHA512": oauthlib_signature.sign_hmac_sha512_with_client,
    "RSA-SHA1": oauthlib_signature.sign_rsa_sha1_with_client,
    "RSA-SHA256": oauthlib_signature.sign_rsa_sha256_with_client,
    "RSA-SHA512": oauthlib_signature.sign_rsa_sha512_with_client,
    "PLAINTEXT": oauthlib_signature.sign_plaintext_with_client,
}


def signature_by_oauthlib(method, text, consumer_secret="", token_secret="", rsa_key=None):
    client = SimpleNamespace(client_secret=consumer_secret, resource_owner_secret=token_secret, rsa_key=rsa_key)
    return OAUTHLIB_METHODS[method](text, client)


@having("signature")
def test_oauthlib_makes_the_published_signature(vector):
    """oauthlib makes the signature that is pinned here, from its own base string."""
    text = base_string_by_oauthlib(vector)
    secrets = vector.consumer_secret, vector.token_secret, vector.rsa_key
    assert vector.signature == signature_by_oauthlib(vector["signature_method"], text, *secrets)


# --- signatures of a base string alone ---

SIGNATURES = [
    # method, consumer secret, token secret, RSA key, base string, signature
    # OAuth wiki, TestCases, HMAC-SHA1 (Core s9.2)
    ("HMAC-SHA1", "cs", "", None, "bs", "egQqG5AJep5sJ7anhXju1unge2I="),
    ("HMAC-SHA1", "cs", "ts", None, "bs", "VZVjXceV7JgPq/dOTnNmEfO0Fv8="),
    # OAuth Core 1.0 Revision A, s9.4.1, decoded: there the values are percent-encoded once more
    ("PLAINTEXT", "djr9rjt0jd78jf88", "jjd999tj88uiths3", None, "", "djr9rjt0jd78jf88&jjd999tj88uiths3"),
    ("PLAINTEXT", "djr9rjt0jd78jf88", "jjd99$tj88uiths3", None, "", "djr9rjt0jd78jf88&jjd99%24tj88uiths3"),
    ("PLAINTEXT", "djr9rjt0jd78jf88", "", None, "", "djr9rjt0jd78jf88&"),
    # dghubble/oauth1, auther_test.go, by OpenSSL
    ("HMAC-SHA1", "consumer_secret", "token_secret", None, "hello world", "BE0uILOruKfSXd4UzYlLJDfOq08="),
    # oauthlib, tests/oauth1/rfc5849/test_signatures.py, by OpenSSL, of RFC 5849's own base string
    *(
        (method, "ECrDNoq1VYzzzzzzzzzyAK7TwZNtPnkqatqZZZZ", "just-a-string    asdasd", None, RFC_BASE_STRING, value)
        for method, value in {
            "HMAC-SHA1": "wsdNmjGB7lvis0UJuPAmjvX/PXw=",
            "HMAC-SHA256": "wdfdHUKXHbOnOGZP8WFAWMSAmWzN3EVBWWgXGlC/Eo4=",
            "HMAC-SHA512": "u/vlyZFDxOWOZ9UUXwRBJHvq8/T4jCA74ocRmn2ECnjUBTAeJiZIRU8hDTjS88Tz1fGONffMpdZxUkUTW3k1kg==",
            "PLAINTEXT": "ECrDNoq1VYzzzzzzzzzyAK7TwZNtPnkqatqZZZZ&just-a-string%20%20%20%20asdasd",
        }.items()
    ),
    *(
        (method, "", "", OAUTHLIB_RSA_KEY, RFC_BASE_STRING, value)
        for method, value in {
            "RSA-SHA1": "mFY2KOEnlYWsTvUA+5kxuBIcvBYXu+ljw9ttVJQxKduMueGSVPCB1tK1PlqVLK738HK0t19ecBJfb6rMxUwrriw+MlBO"
            "+jpojkZIWccw1J4cAb4qu4M81DbpUAq4j/1w/QyTR4TWCODlEfN7Zfgy8+pf+TjiXfIwRC1jEWbuL1E=",
            "RSA-SHA256": "jqKl6m0WS69tiVJV8ZQ6aQEfJqISoZkiPBXRv6Al2+iFSaDpfeXjYm+Hbx6m1azRdrZ/35PM3cvuid3LwW/siAkz"
            "b0xQcGnTyAPH8YcGWzmnKGY7LsB7fkqThchNxvRK/N7s9M1WMnfZZ+1dQbbwtTs1TG1+iexUcV7r3M7Heec=",
            "RSA-SHA512": "jL1CnjlsNd25qoZVHZ2oJft47IRYTjpF5CvCUjL3LY0NTnbEeVhE4amWXUFBe9GLDWdUh/79ZWNOrCirBFIP26cH"
            "LApjYdt4ZG7EVK0/GubS2v8wT1QPRsog8zyiMZkmg4JXdWCGXG8YRvRJTg+QKhXuXwS6TcMNakrgzgFIVhA=",
        }.items()
    ),
]


@pytest.mark.parametrize(("method", "consumer_secret", "token_secret", "rsa_key", "text", "signature"), SIGNATURES)
def test_base_strings_are_signed_as_published(method, consumer_secret, token_secret, rsa_key, text, signature):
    """Each method makes the published signature of a text, accepts it, and agrees with oauthlib."""
    key = Key(signing_key(consumer_secret, token_secret), rsa_key and load_key(rsa_key))
    assert signature == METHODS[method].signature(text, key)
    assert METHODS[method].accepts(text, key, signature)
    assert signature == signature_by_oauthlib(method, text, consumer_secret, token_secret, rsa_key)


def test_every_method_has_a_published_vector():
    """No method in the table stands on our own word alone."""
    published = {row[0] for row in SIGNATURES} | {v["signature_method"] for v in VECTORS if v.signature}
    assert set(METHODS) <= published


# --- the base string URI (s3.4.1.2) ---

URIS = [
    # URL, Host header, base string URI
    # RFC 5849 s3.4.1.2
    ("http://EXAMPLE.COM:80/r%20v/X?id=123", None, "http://example.com/r%20v/X"),
    ("http://127.0.0.1/r%20v/X?id=123", "EXAMPLE.COM:80", "http://example.com/r%20v/X"),
    ("https://www.example.net:8080/?q=1", None, "https://www.example.net:8080/"),
    # OAuth Core 1.0 Revision A, s9.1.2
    ("HTTP://Example.com:80/resource?id=123", None, "http://example.com/resource"),
    # oauthlib, tests/oauth1/rfc5849/test_signatures.py
    ("http://www.example.com:80/", None, "http://www.example.com/"),
    ("http://www.example.com", None, "http://www.example.com/"),
    ("http://www.example.com/a-path", "alternatehost.example.com", "http://alternatehost.example.com/a-path"),
    # Mastercard/oauth1-signer-python, tests/test_oauth.py
    ("https://www.example.net:8080", None, "https://www.example.net:8080/"),
    ("https://api.mastercard.com:443/test?query=param", None, "https://api.mastercard.com/test"),
    ("http://api.mastercard.com:80/test", None, "http://api.mastercard.com/test"),
    ("https://api.mastercard.com:17443/test?query=param", None, "https://api.mastercard.com:17443/test"),
    ("https://api.mastercard.com/test?query=param#fragment", None, "https://api.mastercard.com/test"),
    ("https://api.mastercard.com", None, "https://api.mastercard.com/"),
    ("HTTPS://API.MASTERCARD.COM/TEST", None, "https://api.mastercard.com/TEST"),
    # dghubble/oauth1, auther_test.go. There these three have no slash at the end: it takes an empty path for
    # what is sent, which is "/" (RFC 9112 s3.2.1). The wiki's TestCases, oauthlib and Mastercard have it.
    ("https://example.com:443", None, "https://example.com/"),
    ("HTTPS://HELLO.IO?q=test", None, "https://hello.io/"),
    ("http://hello.io:8080", None, "http://hello.io:8080/"),
]


@pytest.mark.parametrize(("url", "host", "expected"), URIS)
def test_base_string_uris_are_as_published(url, host, expected):
    """Scheme and host in lower case, no default port, no query, no fragment, a path; as oauthlib has it."""
    address = split_url(url)
    assert quote(expected, safe="~") == base_string_uri(address.scheme, host or address.authority, address.path)
    assert expected == oauthlib_signature.base_string_uri(url, host)


# --- normalization (s3.4.1.3.2) ---

NORMALIZED = [
    # query or form as sent, normalized
    # OAuth wiki, TestCases, Normalize Request Parameters (Core s9.1.1)
    ("name", "name="),
    ("a=b", "a=b"),
    ("a=b&c=d", "a=b&c=d"),
    ("a=x!y&a=x+y", "a=x%20y&a=x%21y"),
    ("x!y=a&x=a", "x=a&x%21y=a"),
    # OAuth Core 1.0 Revision A, s9.1.1, out of order here
    ("z=t&f=a&a=1&f=50&c=hi%20there&z=p&f=25", "a=1&c=hi%20there&f=25&f=50&f=a&z=p&z=t"),
    # RFC 5849 s3.4.1.3.2, without the protocol parameters
    ("b5=%3D%253D&a3=a&c%40=&a2=r%20b&c2&a3=2+q", "a2=r%20b&a3=2%20q&a3=a&b5=%3D%253D&c%40=&c2="),
    # Mastercard/oauth1-signer-python, tests/test_oauth.py
    ("offset=0&offset=1&length=10&empty&odd=", "empty=&length=10&odd=&offset=0&offset=1"),
    ("param1=plus+value&param2=colon:value", "param1=plus%20value&param2=colon%3Avalue"),
    ("b5=%3D%253D&a3=a&a3=2%20q&c%40=&a2=r%20b&c2=", "a2=r%20b&a3=2%20q&a3=a&b5=%3D%253D&c%40=&c2="),
    ("b=b&A=a&A=A&B=B&a=A&a=a&0=0", "0=0&A=A&A=a&B=B&a=A&a=a&b=b"),
    # dghubble/oauth1, auther_test.go
    ("a=b%20%26%20c&%E2%98%83=snowman", "%E2%98%83=snowman&a=b%20%26%20c"),
]


@pytest.mark.parametrize(("wire", "expected"), NORMALIZED)
def test_parameters_alone_are_normalized_as_published(wire, expected):
    """Decoded, encoded anew, and sorted by name and then value, in ascending order of octets."""
    assert expected == normalize(divide(wire)[1])


# The example of RFC 5849 s3.4.1.3.1, decoded, and of s3.4.1.3.2, encoded; both in the order of the request.
RFC_TABLE = [
    ("b5", "=%3D", "b5", "%3D%253D"),
    ("a3", "a", "a3", "a"),
    ("c@", "", "c%40", ""),
    ("a2", "r b", "a2", "r%20b"),
    ("oauth_consumer_key", "9djdj82h48djs9d2", "oauth_consumer_key", "9djdj82h48djs9d2"),
    ("oauth_token", "kkk9d7dh3k39sjv7", "oauth_token", "kkk9d7dh3k39sjv7"),
    ("oauth_signature_method", "HMAC-SHA1", "oauth_signature_method", "HMAC-SHA1"),
    ("oauth_timestamp", "137131201", "oauth_timestamp", "137131201"),
    ("oauth_nonce", "7d8f3e4a", "oauth_nonce", "7d8f3e4a"),
    ("c2", "", "c2", ""),
    ("a3", "2 q", "a3", "2%20q"),
]


def test_parameters_are_found_and_decoded_as_the_rfc_tabulates():
    """Query, header and body give the table's parameters, in both of its spellings (s3.4.1.3.1, s3.4.1.3.2)."""
    example = next(v for v in RFC5849 if v.name == "rfc5849-s3.1")
    query, form = divide(urlsplit(example.url).query), divide(example.form)
    header = [pair for pair in parse_authorization(example.header)[1] if pair[0] != "oauth_signature"]
    found = [*query[1], *header, *form[1]]
    assert [row[2:] for row in RFC_TABLE] == found
    assert [row[:2] for row in RFC_TABLE] == [(unescape(name), unescape(value)) for name, value in found]
    assert [row[2:] for row in RFC_TABLE] == [(escape(row[0]), escape(row[1])) for row in RFC_TABLE]
    assert (query[2], form[2]) == ([], [])


# --- the three places (s3.5) ---

# RFC 5849 s3.5.1 to s3.5.3 have the same parameters in each; the secrets are not in print.
IN_HEADER = (
    'OAuth realm="Example", oauth_consumer_key="0685bd9184jfhq22", oauth_token="ad180jjd733klru7", '
    'oauth_signature_method="HMAC-SHA1", oauth_signature="wOJIO9A2W5mFwDgiDvZbTSMK%2FPY%3D", '
    'oauth_timestamp="137131200", oauth_nonce="4572616e48616d6d65724c61686176", oauth_version="1.0"'
)
URL_ENCODED = (
    "oauth_consumer_key=0685bd9184jfhq22&oauth_token=ad180jjd733klru7&oauth_signature_method=HMAC-SHA1"
    "&oauth_signature=wOJIO9A2W5mFwDgiDvZbTSMK%2FPY%3D&oauth_timestamp=137131200"
    "&oauth_nonce=4572616e48616d6d65724c61686176&oauth_version=1.0"
)


def test_the_three_places_carry_the_same_parameters():
    """The examples of s3.5.1, s3.5.2 and s3.5.3 are read alike, and made from what was read."""
    realm, pairs = parse_authorization(IN_HEADER)
    assert ("", [], pairs) == divide(URL_ENCODED)
    assert ("oauth_signature", "wOJIO9A2W5mFwDgiDvZbTSMK%2FPY%3D") in pairs
    assert authorization(quote_pairs(pairs), realm) == IN_HEADER
    assert append("", join_pairs(pairs)) == URL_ENCODED
    assert append("file=vacation.jpg", join_pairs(pairs)) == f"file=vacation.jpg&{URL_ENCODED}"


# --- the body hash (draft s3.2) ---

MASTERCARD_PERSON = (
    "<PhoneNumber>5555555555</PhoneNumber>{}<Address><Line1>5555 Test Lane</Line1><City>TEST</City>"
    "<CountrySubdivision>XX</CountrySubdivision><PostalCode>12345</PostalCode><Country>USA</Country></Address>"
)
MASTERCARD_XML = (
    '<?xml version="1.0" encoding="Windows-1252"?>'
    '<ns2:TerminationInquiryRequest xmlns:ns2="http://mastercard.com/termination"><AcquirerId>1996</AcquirerId>'
    "<TransactionReferenceNumber>1</TransactionReferenceNumber><Merchant><Name>TEST</Name>"
    "<DoingBusinessAsName>TEST</DoingBusinessAsName>"
    + MASTERCARD_PERSON.format("<NationalTaxId>1234567890</NationalTaxId>")
    + "<Principal><FirstName>John</FirstName><LastName>Smith</LastName><NationalId>1234567890</NationalId>"
    + MASTERCARD_PERSON.format("")
    + "<DriversLicense><Number>1234567890</Number><CountrySubdivision>XX</CountrySubdivision></DriversLicense>"
    "</Principal></Merchant></ns2:TerminationInquiryRequest>"
)

BODIES = [
    # body, algorithm, hash
    # OAuth Request Body Hash 1.0, draft 4, Appendix A.1 and A.2
    ("Hello World!", "sha1", "Lve95gjOVATpfV8EL5X4nxwjKHE="),
    ("", "sha1", "2jmj7l5rSw0yVb/vlWAYkK/YBwk="),
    # Mastercard/oauth1-signer-python, tests/test_oauth.py
    ("", "sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
    ("{}", "sha256", "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="),
    ('{"foõ":"bar"}', "sha256", "+Z+PWW2TJDnPvRcTgol+nKO3LT7xm8smnsg+//XMIyI="),
    (MASTERCARD_XML, "sha1", "WhqqH+TU95VgZMItpdq78BWb4cE="),
    (MASTERCARD_XML, "sha256", "h2Pd7zlzEZjZVIKB4j94UZn/xxoR3RoCjYQ9/JdadGQ="),
]


@pytest.mark.parametrize(("body", "algorithm", "expected"), BODIES)
def test_body_hashes_are_as_published(body, algorithm, expected):
    """The hash is the digest of the body's octets, in base64; a ``str`` goes out as UTF-8."""
    assert expected == body_hash(body, algorithm)
    assert expected == body_hash(body.encode(), algorithm)


# --- percent-encoding (s3.6) ---

ENCODED = [
    # text, encoded
    # OAuth wiki, TestCases, Parameter Encoding (Core s5.1)
    ("abcABC123", "abcABC123"),
    ("-._~", "-._~"),
    ("%", "%25"),
    ("+", "%2B"),
    ("&=*", "%26%3D%2A"),
    ("\x0a", "%0A"),
    ("\x20", "%20"),
    ("\x7f", "%7F"),
    ("\x80", "%C2%80"),
    ("\u3001", "%E3%80%81"),
    # OAuth Google group, E. Hammer-Lahav's test case, as in liboauth's tests/oauthtest.c
    ("1234=asdf=4567", "1234%3Dasdf%3D4567"),
    ("asdf-4354=asew-5698", "asdf-4354%3Dasew-5698"),
    ("erks823*43=asd&123ls%23", "erks823%2A43%3Dasd%26123ls%2523"),
    ("dis9$#$Js009%==", "dis9%24%23%24Js009%25%3D%3D"),
    ("taken with a 30% orange filter", "taken%20with%20a%2030%25%20orange%20filter"),
    ("mountain & water view", "mountain%20%26%20water%20view"),
    # X, Percent encoding parameters
    ("Ladies + Gentlemen", "Ladies%20%2B%20Gentlemen"),
    ("An encoded string!", "An%20encoded%20string%21"),
    ("Dogs, Cats & Mice", "Dogs%2C%20Cats%20%26%20Mice"),
    ("\u2603", "%E2%98%83"),
    # dghubble/oauth1, auther_test.go
    ("\u30eb", "%E3%83%AB"),
    ("/= +doencode", "%2F%3D%20%2Bdoencode"),
    ("-._~dontencode", "-._~dontencode"),
    # Mastercard/oauth1-signer-python, tests/test_oauth.py
    ("Format=XML", "Format%3DXML"),
    ("WhqqH+TU95VgZMItpdq78BWb4cE=&o", "WhqqH%2BTU95VgZMItpdq78BWb4cE%3D%26o"),
]


@pytest.mark.parametrize(("text", "expected"), ENCODED)
def test_text_is_encoded_as_published(text, expected):
    """UTF-8, upper-case digits, and nothing but the unreserved characters as they are; and back."""
    assert expected == escape(text)
    assert text == unescape(expected)
    assert expected == escape_form(expected).replace("&", "%26").replace("=", "%3D")


def by_urllib(wire: str) -> str:
    """Respell one name or value of a form as decoding and encoding it would."""
    return quote_from_bytes(unquote_to_bytes(wire.replace("+", " ").encode("latin-1")), safe="~")


@pytest.mark.parametrize("octet", range(256))
def test_every_spelling_of_an_octet_becomes_one(octet):
    """Raw, ``%xx`` or ``%XX``, each of the 256 octets is spelled as ``urllib`` would; raw separators stand."""
    one = quote_from_bytes(bytes([octet]), safe="~")
    digits = f"{octet:02x}"
    for spelling in {f"%{a}{b}" for a in (digits[0], digits[0].upper()) for b in (digits[1], digits[1].upper())}:
        assert by_urllib(spelling) == one == escape_form(spelling) == escape_header_value(spelling)
        assert f"a={one}&{one}=%2525" == escape_form(f"a={spelling}&{spelling}=%2525")
    raw = chr(octet)
    assert (raw if raw in "&=" else by_urllib(raw)) == escape_form(raw)
    assert one == escape_header_value(raw)
    assert quote(raw, safe="~") == escape(raw)


def test_every_two_octets_after_a_percent_sign_are_read_as_urllib_reads_them():
    """An escape is one only with two hex digits after the sign, whatever follows (all 65,536 pairs)."""
    for first in range(256):
        for second in range(256):
            wire = f"%{chr(first)}{chr(second)}"
            parts = re.split("([&=])", wire)
            expected = "".join(part if part in ("&", "=") else by_urllib(part) for part in parts)
            assert expected == escape_form(wire)


def test_names_and_values_are_told_apart_before_they_are_decoded():
    """An escaped separator belongs to the text: only raw ``&`` and the first raw ``=`` separate."""
    assert parse_pairs(escape_form("a%26b=c%3Dd&e=f=g&=h&i")) == [
        ("a%26b", "c%3Dd"),
        ("e", "f%3Dg"),
        ("", "h"),
        ("i", ""),
    ]
