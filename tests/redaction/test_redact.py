"""Secrets are found in what servers say, however they are escaped there, and all else is left as it was.

These tests use no network, but for the last, which ask a server on loopback.
"""

from __future__ import annotations

import html
import json
import re
import time
from urllib.parse import quote, quote_plus, unquote, unquote_plus
from xml.sax.saxutils import escape as escape_xml

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tables import for_each

from oauth_hook import AccessToken, Consumer, OAuthFlow, ProviderError, RequestToken, register_client
from oauth_hook.redaction.redactor import MASK, redact

SECRET = "kd94/hf93&k'4\"23<k>+f 4;4=%~é😀\\z"

# --- secrets that we know ---


def escape_json(text):
    return json.dumps(text)[1:-1]


def lower(text):
    """Return a text with its percent-escapes in lower case."""
    return re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text)


def as_units(text):
    return "".join(rf"\u{unit.hex()}" for unit in re.findall(b"..", text.encode("utf-16-be"), re.DOTALL))


SPELLINGS = {
    "raw": lambda text: text,
    "UTF-8 taken for Latin-1": lambda text: text.encode().decode("latin-1"),
    "percent": quote,
    "percent, strict": lambda text: quote(text, safe="~"),
    "percent, lenient": lambda text: quote(text, safe="'()*!$&,;=:@/?"),
    "percent, all of it": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "percent, twice": lambda text: quote(quote(text)),
    "percent, three times": lambda text: quote(quote(quote(text, safe=""))),
    "percent, lower case": lambda text: lower(quote(text, safe="")),
    "percent, lower case, twice": lambda text: lower(quote(lower(quote(text, safe="")))),
    "form": quote_plus,
    "form, twice": lambda text: quote_plus(quote_plus(text)),
    "JSON": escape_json,
    "JSON, not ASCII": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON with its slashes escaped": lambda text: escape_json(text).replace("/", r"\/"),
    "JSON as Go and .NET have it": lambda text: re.sub(
        "[<>&'+]", lambda found: f"\\u{ord(found[0]):04x}", escape_json(text)
    ),
    "JSON, upper case": lambda text: re.sub(
        "[<>&'+]", lambda found: f"\\u{ord(found[0]):04X}", escape_json(text)
    ),
    "JSON, all of it": as_units,
    "JSON in JSON": lambda text: escape_json(escape_json(text)),
    "HTML": html.escape,
    "HTML, not its quotes": lambda text: html.escape(text, quote=False),
    "HTML as PHP has it": lambda text: html.escape(text, quote=False).replace("'", "&#039;").replace('"', "&#34;"),
    "XML": lambda text: escape_xml(text, {"'": "&apos;", '"': "&quot;"}),
    "HTML, all of it": lambda text: "".join(f"&#{ord(character)};" for character in text),
    "HTML, all of it, hexadecimal": lambda text: "".join(f"&#x00{ord(character):X};" for character in text),
    "HTML by name": lambda text: text.replace("&", "&amp;").replace("é", "&eacute;").replace("+", "&plus;"),
    "HTML, twice": lambda text: html.escape(html.escape(text)),
    "percent in HTML": lambda text: html.escape(quote(text, safe="'&")),
    "HTML in percent": lambda text: quote(html.escape(text)),
    "HTML in JSON": lambda text: escape_json(html.escape(text)),
    "JSON in HTML": lambda text: html.escape(escape_json(text)),
    "JSON in HTML in percent": lambda text: quote(html.escape(escape_json(text)), safe="\\"),
    "escape() of JavaScript": lambda text: re.sub(r"\\u(?!00[0-7])", "%u", as_units(text)),
    "JavaScript": lambda text: re.sub("[^a-z0-9]", lambda found: "".join(
        rf"\x{byte:02x}" for byte in found[0].encode()), text),
    "percent, of Latin-1": lambda text: quote(text.replace("😀", ""), encoding="latin-1"),
}  # fmt: skip


@pytest.mark.promise("no-error-shows-what-a-server-echoes")
@for_each("spelling", SPELLINGS)
def test_a_secret_is_found_in_every_spelling(spelling):
    """A secret that a server echoes is masked as a whole, whatever it was escaped for."""
    secret = SECRET.replace("😀", "") if "of Latin-1" in spelling else SECRET
    text = f'{{"you sent": "{SPELLINGS[spelling](secret)}", "and": [1, 2]}}'
    assert redact(text, [secret]) == '{"you sent": "***", "and": [1, 2]}'


@for_each("spelling", sorted(SPELLINGS.keys() - {"UTF-8 taken for Latin-1", "HTML by name"}))
def test_a_secret_is_found_among_bytes(spelling):
    """Octets that are taken for characters of Latin-1 have their secrets masked too, and lose nothing else."""
    secret = SECRET.replace("😀", "") if "of Latin-1" in spelling else SECRET
    data = b"\x00\xff\xc3\xa9 " + SPELLINGS[spelling](secret).encode() + b" \xe9\x80\xc3"
    masked = redact(data.decode("latin-1"), [secret], fields=False).encode("latin-1")
    assert masked == b"\x00\xff\xc3\xa9 *** \xe9\x80\xc3"


# Escapes, and what looks like them, more often than chance would have it.
odd = st.sampled_from(["%41", "%2541", "%", "\\", "\\\\", '\\"', "\\n", "\\u0041", "&", "&amp;", "&#39;", "+", " ", "é",
                       "😀", "/", "'", '"', "<", ">", ";", "\n", "\t", "~", "=", "{", "}", "\x00", "\x7f"])  # fmt: skip
plain = st.text(st.characters(min_codepoint=32, max_codepoint=0x1F9FF, exclude_categories=["Cs"]), max_size=6)
secret = st.lists(st.one_of(odd, plain, st.text("abcXYZ0123456789", max_size=8)), max_size=8).map("".join)


def encoders(safe, plus, low, ascii, quotes, slash):
    """Return ways to escape a text, as servers have them."""

    def percent(text):
        text = (quote_plus if plus else quote)(text, safe="".join(safe))
        return lower(text) if low else text

    def as_json(text):
        text = json.dumps(text, ensure_ascii=ascii)[1:-1]
        return text.replace("/", r"\/") if slash else text

    return {"percent": percent, "JSON": as_json, "HTML": lambda text: html.escape(text, quote=quotes)}


flag = st.booleans()
spelled = st.lists(
    st.tuples(
        st.sampled_from(["percent", "percent", "JSON", "HTML"]),
        st.builds(encoders, st.sets(st.sampled_from("'\"!$&()*,;:=@/?<> ~\\")), flag, flag, flag, flag, flag),
    ).map(lambda chosen: chosen[1][chosen[0]]),
    max_size=3,
)
around = st.sampled_from([("", ""), ('{"e": "', '"}'), ("<p>", "</p>"), ("x=", "&y=1"), ("it is ", ", isn't it"),
                          ("'", "'"), ("&quot;", "&quot;"), ('\\"', '\\"'), ("%3D", "%26"), ("é", "é"),
                          ("100% ", " 100%")])  # fmt: skip


def decoded(text):
    """Yield a text, and what it says with its escapes taken away in every order, up to three times."""
    seen, new = set(), {text}
    for _ in range(4):
        seen |= new
        new = {way(text) for text in new for way in (unquote, unquote_plus, html.unescape, unescape_json)} - seen
    return seen


def unescape_json(text):
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


@given(secret=secret, escape=spelled, around=around)
@example(secret="éabcdef\\", escape=[lambda text: quote(text, safe="\\")], around=('{"e": "', '"}'))
@example(secret="%41\\u0041", escape=[quote], around=("", ""))
@example(secret="a\\%6Ebcdef\"'", escape=[], around=("", ""))
@settings(max_examples=250)
def test_no_part_of_a_secret_survives(secret, escape, around):
    """Escaped in up to three ways, one after the other: no six characters of it are left, decoded or not."""
    spelled = secret
    for way in escape:
        spelled = way(spelled)
    if not secret:
        return
    left = redact(around[0] + spelled + around[1], [secret], fields=False)
    parts = {secret[at : at + 6] for at in range(len(secret))}
    surroundings = decoded(around[0] + MASK + around[1])
    for text in decoded(left):
        for part in parts:
            assert len(part) < 6 or part not in text or any(part in known for known in surroundings), left


@given(text=st.one_of(secret, st.text()), fields=flag)
def test_a_text_without_secrets_is_left_as_it_was(text, fields):
    """Whatever it holds: escapes, half escapes, half characters."""
    assert redact(text, ["kd94hf93k423kf44", "", "vérifier"], fields=fields) == text


@given(text=st.text(st.characters(), max_size=40), secrets=st.lists(st.text(st.characters(), max_size=3), max_size=3))
def test_nothing_makes_it_fail(text, secrets):
    """Short secrets, lone surrogates, parts of characters: it always returns a text."""
    assert isinstance(redact(text, secrets), str)


def test_several_secrets():
    """Those next to each other, within each other and over each other all go."""
    assert redact("consumer&token, tokens", ["consumer", "token", "tokens"]) == "***&***, ***"
    assert redact("abcdefgh", ["abcdef", "cdefgh"]) == "***"
    assert redact("abababa", ["abab"]) == "***aba"


def test_bytes_of_a_character_are_not_cut():
    """A secret of Latin-1 whose bytes are within another character takes all of it."""
    secret = "é\x80\x81x"
    assert redact("高" + secret + "高", [secret]) == "高***高"
    assert redact("\u9000\u1078", ["é\x80\x80á"]) == MASK  # E9 80 80 E1 81 B8
    assert redact("\u9000\u1078", ["\x80\x80á\x81"]) == MASK


# --- secrets by the name of their field ---

FIELDS = {
    "form": ("oauth_token=t&oauth_token_secret={}&x=y", ["hunter2", 'a"b', "a,b", "a b", "a;b", "a\\b", '"a" b',
             "'a' b", "a'b", "a%26b", "a+b", "[a]", "{a", "<a>"]),
    "form, in the middle": ("debug: oauth_signature={}&x=y", ["hunter2", 'a"b', "a,b c"]),
    "form, its end": ("x=y\noauth_session_handle={}\nx=y", ["hunter2", 'a"b', "a,b c;"]),
    "form, escaped": ("advice=oauth_token_secret%3D{}%26x&y=z", ["hunter2", "a%2526b", "a%22b", "a%2Cb", "a%20b%3B"]),
    "form, escaped twice": ("advice=oauth_token_secret%253D{}%2526x&y=z", ["hunter2", "a%252526b", "a%2522b"]),
    "form in HTML": ("<p>oauth_token_secret={}&amp;x=y</p>", ["hunter2", "a&quot;b", "a&#39;b&lt;c", "a, b"]),
    "form in HTML, its end": ("<p>x=y&amp;oauth_token_secret={}</p>", ["hunter2", "a&quot;b", "a, b"]),
    "form in JSON": ('{{"error": "oauth_verifier={}&x=y", "code": 5}}', ["hunter2", r"a\"b", r"a\\b", "a, b;"]),
    "JSON": ('{{"client_secret": "{}", "code": 5}}',
             ["hunter2", r"a\"b", r"a\\", r"\\\"", "a, b; c}", r"\"",
             "a'b]", r"\u0022a\u005c", r"a\", \"b", r"a\\\", \"b\\"]),
    "JSON on lines": ('{{\n  "client_secret":\n    "{}",\n  "code": 5\n}}', ["hunter2", r"a\"b\n"]),
    "JSON in quotes": (r'"{{\"client_secret\": \"{}\", \"code\": 5}}"', ["hunter2", r"a\\\"b", "a, b"]),
    "JSON in HTML": ("{{&quot;client_secret&quot;:&quot;{}&quot;, &#34;code&#34;: 5}}",
                     ["hunter2", r"a\&quot;b", "a, b"]),
    "JSON in percent": ("x=%7B%22client_secret%22%3A%22{}%22%2C%22code%22%3A5%7D", ["hunter2", "a%5C%22b", "a%2Cb"]),
    "JSON, name and value": ('{{"name": "password", "value": "{}", "code": 5}}', ["hunter2", r"a\"b"]),
    "cut off": ('{{"code": 5, "client_secret": "{}', ["hunter2", r"a\"b, c", "a\\"]),
    "Python": ("{{'client_secret': '{}', 'code': 5}}", ["hunter2", r"a\'b", 'a"b, c']),
    "header": ('OAuth oauth_signature="{}", oauth_nonce="x"', ["hunter2", "a%22b", r"a\"b", "a, b", "a&b="]),
    "header, end": ('OAuth oauth_nonce="x", oauth_verifier="{}"', ["hunter2", "a, b;"]),
    "XML": ("<r><oauth_token_secret>{}</oauth_token_secret><x>y</x></r>",
            ["hunter2", "a&lt;b", '"a" b', "<v>a</v>", "a\nb"]),
    "XML, named": ('<r><o:client_secret v="1">{}</o:client_secret ></r>', ["hunter2", "<![CDATA[a<b]]>", "a&amp;b"]),
    "XML, cut off": ("<r><x>y</x><password>{}", ["hunter2", "<![CDATA[a<b", "<![CDATA[a]<b]]>"]),
    "XML in JSON, not closed": ('{{"error": "send <client_secret>{}", "code": 5}}', ["hunter2", r"a\"b", ", please"]),
    "XML in HTML": ("&lt;Client_Secret&gt;{}&lt;/Client_Secret&gt;", ["hunter2", "a b"]),
    "XML in JSON": (r'{{"xml": "<secret>{}<\/secret>", "code": 5}}', ["hunter2", r"a\"b"]),
    "HTML form": ('<input name="oauth_verifier" value="{}" type=hidden>', ["hunter2", "a b", "a&quot;b"]),
    "PHP": ("[oauth_token_secret] => {}\n[x] => y", ["hunter2", "a b, c"]),
    "lines": ("Passwd: {}\nX: y", ["hunter2", 'a "b", c; d', "'tis"]),
}  # fmt: skip


@for_each("place", FIELDS)
def test_the_value_of_a_secret_field_goes_as_a_whole(place):
    """The field's name tells, whatever the value is; what stands before and after it is left."""
    template, values = FIELDS[place]
    for value in values:
        text = template.format(value)
        start = text.index(value, re.search("secret|passw|oauth_[vs]", text, re.IGNORECASE).end())
        before, after = text[:start].rstrip("\"'"), text[start + len(value) :].lstrip("\"'")
        assert redact(text).startswith(before), text
        assert redact(text).endswith(after), text
        assert redact(text)[len(before) : len(redact(text)) - len(after)].strip("\"'") == MASK, text


@for_each("value", ["12345", "-1.5e+3", '["a, ]", "b"]', "[]", '{"a": ["b}", {"c": "d"}], "e": 1}', '[["a"], "b"]'])
def test_json_that_is_no_string(value):
    """A number, a list or an object in the place of a secret goes as a whole, and what is left is JSON."""
    text = f'{{"error": "no", "client_secret": {value}, "oauth_token_secret":{value}}}'
    assert json.loads(redact(text)) == {"error": "no", "client_secret": MASK, "oauth_token_secret": MASK}


@given(value=secret, ascii=flag, around=st.dictionaries(st.text("ab_", min_size=1), secret, max_size=2))
@settings(max_examples=150)
def test_json_stays_json(value, ascii, around):
    """Whatever string a secret of JSON is, it goes as a whole, and all else in the answer can be read."""
    text = json.dumps({"x": "y", "client_secret": value, "error": "no", **around}, ensure_ascii=ascii)
    assert json.loads(redact(text)) == {"x": "y", "client_secret": value and MASK, "error": "no", **around}


@for_each("text", [
    '{"error": "wrong secret", "code": 5}', '{"error": "wrong secret:", "code": 5}', "oauth_signature_method=HMAC-SHA1",
    '{"client_secret": null, "secret": false}', "oauth_token_secret=&oauth_token=t", "the secret is wrong",
    "oauth_verifier was refused", '{"errors": ["bad password", "try again"]}', "<secret/><password></password>",
])  # fmt: skip
def test_what_only_speaks_of_secrets_is_left(text):
    """A name without a value, and an empty value, are no secrets."""
    assert redact(text) == text


def test_fields_are_looked_for_where_they_are_wanted_only():
    """Without ``fields`` only what is known to be secret goes."""
    assert redact("client_secret=a&secret=b", ["b"], fields=False) == "client_secret=a&secret=***"


# --- the time that it takes ---

ADVERSARIES = [
    "%41", "%252541", "\\", "&amp;", "%25", "25", "&", "amp;", "secret=", '"secret":[', 'secret="a" x&', "<secret>",
    "<secret><![CDATA[", "&#0", '"secret":"\\', "secret='", "<", "secret ", "a", "%26amp%3B\\u0026#37;2541", "{",
    '{"secret":', "kd94hf93k423kf4", "kd94hf93k423kf44", " ", "\\u00", "</secret", "secret,",
]  # fmt: skip
STARTS = ['{"secret":', "secret", '"secret="', "<secret", "&#", "%"]


@pytest.mark.promise("strangers-are-read-in-linear-time")
@for_each("piece", ADVERSARIES)
def test_it_takes_no_longer_than_the_text_is(piece):
    """A text that is made to be slow takes time as it is long, and not as its square."""
    secrets = ["kd94hf93k423kf44", "pfkkdhi9sl3r4s00" * 20, "v'é\"r&ifier"]
    text = piece * ((1 << 15) // len(piece))
    assert seconds(STARTS[0] + text, secrets) < 1  # the square takes four seconds
    for start in STARTS[1:]:
        assert seconds(start + text[: 1 << 13], secrets) < 2


def test_a_common_answer_takes_milliseconds():
    """An answer of 64 KB without much to take away costs next to nothing."""
    text = json.dumps([{"error": "a/b", "url": "https://service.example/x?y=%20z"}] * 1100)
    assert min(seconds(text, ["kd94hf93k423kf44", "pfkkdhi9sl3r4s00", "vérifier"]) for _ in range(5)) < 0.2


def seconds(text, secrets):
    begin = time.process_time()
    redact(text, secrets)
    return time.process_time() - begin


# --- errors for refused answers ---


def refused(server, text, **more):
    """Return the error for an answer to a verifier, which the secrets of all three legs went into."""
    server.answer = lambda got: (more.get("status", 401), more.get("headers", {}), text.encode())
    flow = OAuthFlow(Consumer("c", more.get("secret", "consumer'hunter/2")), server.url, server.url, server.url)
    with pytest.raises(ProviderError) as caught:
        flow.fetch_access_token(RequestToken("r", "request&hunter+2"), more.get("verifier", 'verifier"hunter 2'))
    error = caught.value
    return error, "\n".join([str(error), repr(error), error.body, str(error.problem)])


@pytest.mark.promise("no-error-shows-what-a-server-echoes")
def test_no_error_shows_what_a_server_echoes(server):
    """Message, problem and body of an error have no secret in them, and still say what was wrong."""
    echo = 'consumer\\u0027hunter\\/2 request\\u0026hunter\\u002b2 verifier\\"hunter 2'
    error, shown = refused(server, f'{{"error": "bad {echo}", "code": 5, "client_secret": 12345}}')
    assert error.problem == "bad *** *** ***"
    assert "hunter" not in shown
    assert "12345" not in shown
    header = 'OAuth oauth_problem="signature_invalid", oauth_problem_advice="key%3Dconsumer%2527hunter%252F2"'
    error, shown = refused(server, "", headers={"WWW-Authenticate": header})
    assert error.problem == "signature_invalid"
    assert str(error).endswith("signature_invalid: key=***")


@pytest.mark.promise("no-error-shows-what-a-server-echoes")
def test_no_error_shows_a_new_secret(server):
    """What a server hands out in an answer that is refused is in no error."""
    for text in ('oauth_token=a&oauth_token=b&oauth_token_secret=new"hunter, 2;x\\y z',
                 '{"oauth_token_secret": ["hunter"]}',
                 "<r><oauth_token_secret>hunter</oauth_token_secret></r>"):  # fmt: skip
        assert "hunter" not in refused(server, text, status=200)[1]
    server.answer = lambda got: (200, {}, rb'{"client_id": 5, "client_secret": "new\"hunter, 2", "error": "bad type"}')
    with pytest.raises(ProviderError, match="bad type") as caught:
        register_client(server.url, application_name="Test.io", scheme="http")
    assert "hunter" not in str(caught.value) + caught.value.body


def test_short_secrets_leave_our_own_words_alone(server):
    """A secret of one letter is taken out of the server's words, and not out of ours."""
    error, _ = refused(server, '{"error": "no e"}', secret="e", verifier="the server")
    assert str(error) == "the server refused to issue an access token (status 401): no ***"
    assert error.body == '{"***rror": "no ***"}'
    assert str(refused(server, "", secret="e")[0]).endswith("the response is empty")


def test_a_problem_has_an_end(server):
    """What a server calls a problem is cut to a line; what is left of it has no half of a secret."""
    error, _ = refused(server, '{"code": %s}' % ("9" * 4000))
    assert error.problem == "9" * 200
    assert len(str(error)) < 300
    header = f'OAuth oauth_problem="{"x" * 195} hunter2", oauth_problem_advice="{"y" * 195} hunter2"'
    error, shown = refused(server, "", headers={"WWW-Authenticate": header}, verifier="hunter2")
    assert error.problem == "x" * 195 + " ***"
    assert "hu" not in shown
    assert len(str(error)) < 500


def test_a_handle_that_is_no_text(server):
    """A session handle that a service gave as a number is a secret like any other."""
    server.answer = lambda got: (401, {}, b"no: 1234567")
    flow = OAuthFlow(Consumer("c", "s"), server.url, server.url, server.url)
    token = AccessToken("a", "request-hunter2", extra={"oauth_session_handle": 1234567})
    with pytest.raises(ProviderError) as caught:
        flow.renew(token)
    assert "1234567" not in str(caught.value) + caught.value.body
