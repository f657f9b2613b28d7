// Faulty signers of Java, as they stand in Android tutorials and in signpost's days. Prints the table's part as JSON: java Gen.java
import java.net.URLEncoder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.text.Collator;
import java.util.*;
import java.util.function.*;
import java.util.stream.*;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Gen {
  static final String CK = "fs-7c2d41f0a9", CS = "Zq8Wn3Xe6Rt1Yu5I", TK = "up-55dc0e91", TS = "Pl4Ok7Ij2Uh9Yg6T";
  static final List<String> out = new ArrayList<>();
  static String java(String s) { return URLEncoder.encode(s, StandardCharsets.UTF_8); }
  static String strict(String s) { return java(s).replace("+", "%20").replace("*", "%2A").replace("%7E", "~"); }
  static class Ask { String method = "GET", url = "https://platform.example.com/rest/server.api", cs = CS, alg = "HMAC-SHA1", place = "header"; List<String[]> query = new ArrayList<>(), form = null; }
  static class M {
    UnaryOperator<String> enc = Gen::strict, encKey = null, outer = Gen::strict, url = u -> u, method = m -> m, base = b -> b, sig = s -> s;
    Function<List<String[]>, List<String[]>> query = q -> q, form = q -> q, order = null; String key = null, alg = null; Charset bytes = StandardCharsets.UTF_8, keyBytes = StandardCharsets.UTF_8;
  }
  static List<String[]> p(String... kv) { List<String[]> l = new ArrayList<>(); for (int i = 0; i < kv.length; i += 2) l.add(new String[]{kv[i], kv[i + 1]}); return l; }
  static String q(String s) { StringBuilder b = new StringBuilder("\""); for (char c : s.toCharArray()) { if (c == '"' || c == '\\') b.append('\\').append(c); else if (c < 32 || c > 126) b.append(String.format("\\u%04x", (int) c)); else b.append(c); } return b.append('"').toString(); }
  static String sign(Ask a, M m) throws Exception {
    List<String[]> oauth = p("oauth_consumer_key", CK, "oauth_nonce", "j4v4n0nc3", "oauth_signature_method", a.alg, "oauth_timestamp", "1764400000", "oauth_token", TK, "oauth_version", "1.0");
    List<String[]> all = new ArrayList<>(m.query.apply(a.query)); if (a.form != null) all.addAll(m.form.apply(a.form)); all.addAll(oauth);
    UnaryOperator<String> ek = m.encKey == null ? m.enc : m.encKey;
    List<String[]> pairs = all.stream().map(x -> new String[]{ek.apply(x[0]), m.enc.apply(x[1])}).collect(Collectors.toList());
    if (m.order != null) pairs = m.order.apply(pairs); else pairs.sort(Comparator.<String[], String>comparing(x -> x[0]).thenComparing(x -> x[1]));
    String norm = pairs.stream().map(x -> x[0] + "=" + x[1]).collect(Collectors.joining("&"));
    String base = m.base.apply(m.method.apply(a.method) + "&" + m.outer.apply(m.url.apply(a.url)) + "&" + m.outer.apply(norm));
    String key = m.key == null ? strict(a.cs) + "&" + strict(TS) : m.key;
    String alg = "Hmac" + (m.alg == null ? a.alg : m.alg).substring(5);
    Mac mac = Mac.getInstance(alg); mac.init(new SecretKeySpec(key.getBytes(m.keyBytes), alg));
    String sig = m.sig.apply(Base64.getEncoder().encodeToString(mac.doFinal(base.getBytes(m.bytes))));
    oauth.add(new String[]{"oauth_signature", sig});
    String query = a.query.stream().map(x -> strict(x[0]) + "=" + strict(x[1])).collect(Collectors.joining("&"));
    String headers = "";
    if (a.place.equals("query")) query += (query.isEmpty() ? "" : "&") + oauth.stream().map(x -> x[0] + "=" + strict(x[1])).collect(Collectors.joining("&"));
    else headers = "[\"Authorization\", " + q("OAuth " + oauth.stream().map(x -> x[0] + "=\"" + strict(x[1]) + "\"").collect(Collectors.joining(", "))) + "]";
    String body = a.form == null ? null : a.form.stream().map(x -> strict(x[0]) + "=" + strict(x[1])).collect(Collectors.joining("&"));
    if (body != null) headers += (headers.isEmpty() ? "" : ", ") + "[\"Content-Type\", \"application/x-www-form-urlencoded; charset=utf-8\"]";
    return "{\"method\": " + q(a.method) + ", \"url\": " + q(a.url + (query.isEmpty() ? "" : "?" + query)) + ", \"headers\": [" + headers + "], \"body\": " + (body == null ? "null" : q(body)) + "}";
  }
  static void fault(String id, String kind, String what, String codes, Consumer<Ask> ask, Consumer<M> mistake) throws Exception {
    Ask a = new Ask(); ask.accept(a); M m = new M(); mistake.accept(m);
    out.add("{\"id\": " + q("java-" + id) + ", \"kind\": " + q(kind) + ", \"what\": " + q(what) + ", \"codes\": [" + Arrays.stream(codes.split(" ")).map(Gen::q).collect(Collectors.joining(", ")) + "], \"sides\": [\"signer\"], \"keys\": {\"consumer\": " + q(CK) + ", \"consumer_secret\": " + q(a.cs) + ", \"token\": " + q(TK) + ", \"token_secret\": " + q(TS) + "}, \"request\": " + sign(a, m) + ", \"right\": " + sign(a, new M()) + "}");
  }
  public static void main(String[] args) throws Exception {
    fault("star", "encodeURIComponent", "URLEncoder leaves *", "percent-encoding", a -> a.query = p("q", "5*3"), m -> m.enc = s -> java(s).replace("+", "%20").replace("%7E", "~"));
    fault("tilde", "tilde escaped", "URLEncoder escapes ~", "percent-encoding", a -> a.query = p("q", "~50"), m -> m.enc = s -> java(s).replace("+", "%20").replace("*", "%2A"));
    fault("space", "urlencode", "URLEncoder makes + of a space", "plus-as-space", a -> a.query = p("search_expression", "peanut butter"), m -> m.enc = Gen::java);
    fault("space-form", "urlencode", "URLEncoder makes + of a space in a form", "plus-as-space", a -> { a.method = "POST"; a.form = p("food", "ice cream", "n", "1"); }, m -> m.enc = Gen::java);
    fault("space-star", "two mistakes", "URLEncoder as it is: + for a space, * left", "plus-as-space percent-encoding", a -> a.query = p("q", "a * b"), m -> m.enc = Gen::java);
    fault("outer-star", "outer layer: URLEncoder", "URLEncoder on a path with *", "percent-encoding", a -> a.url = "https://platform.example.com/rest/*/all", m -> m.outer = Gen::java);
    fault("outer-tilde", "outer layer: URLEncoder", "URLEncoder on a path with ~", "percent-encoding", a -> a.url = "https://platform.example.com/~u/rest", m -> m.outer = Gen::java);
    fault("treemap", "duplicates", "a TreeMap keeps the last of two", "duplicate-parameters", a -> a.query = p("f", "1", "f", "2", "g", "3"), m -> m.query = l -> l.subList(1, l.size()));
    fault("collator", "order", "Collator sorts without case", "parameter-order", a -> a.query = p("Method", "x", "format", "y"), m -> m.order = l -> { l.sort((x, y) -> Collator.getInstance(Locale.US).compare(x[0], y[0])); return l; });
    fault("hashmap", "order", "HashMap's order", "parameter-order", a -> a.query = p("method", "foods.search", "format", "json"), m -> m.order = l -> { Map<String, String> h = new HashMap<>(); l.forEach(x -> h.put(x[0], x[1])); return h.entrySet().stream().map(e -> new String[]{e.getKey(), e.getValue()}).collect(Collectors.toList()); });
    fault("key-no-amp", "key without &", "APP_SECRET without the & at its end", "signing-key-encoding token-secret token-missing", a -> {}, m -> m.key = CS);
    fault("key-raw", "key not encoded", "the secret with + and / goes raw into the key", "signing-key-encoding", a -> a.cs = "a+b/c==d0f1g2", m -> m.key = "a+b/c==d0f1g2&" + TS);
    fault("key-utf16", "key in UTF-16", "key.getBytes in UTF-16", "signing-key-encoding charset", a -> {}, m -> m.keyBytes = StandardCharsets.UTF_16LE);
    fault("latin", "charset", "URLEncoder with ISO-8859-1", "charset", a -> a.query = p("q", "cr\u00e8me"), m -> m.enc = s -> URLEncoder.encode(s, StandardCharsets.ISO_8859_1).replace("+", "%20"));
    fault("cp1252", "charset", "URLEncoder with windows-1252: the euro sign", "charset", a -> a.query = p("q", "5\u20ac"), m -> m.enc = s -> URLEncoder.encode(s, Charset.forName("windows-1252")));
    fault("latin-form", "charset", "the platform's charset in a form", "charset", a -> { a.method = "POST"; a.form = p("name", "Jos\u00e9"); }, m -> m.enc = s -> URLEncoder.encode(s, StandardCharsets.ISO_8859_1));
    fault("question", "charset", "ASCII: ? for what is not in it", "charset", a -> a.query = p("q", "na\u00efve"), m -> m.enc = s -> URLEncoder.encode(s, StandardCharsets.US_ASCII));
    fault("nfd", "unicode form", "Normalizer NFD before signing", "charset", a -> a.query = p("q", "\u00c5ngstr\u00f6m"), m -> m.enc = s -> strict(java.text.Normalizer.normalize(s, java.text.Normalizer.Form.NFD)));
    fault("sha256", "other digest", "HmacSHA256 announced as HMAC-SHA1", "signature-method", a -> a.place = "query", m -> m.alg = "HMAC-SHA256");
    fault("sha1", "other digest", "HmacSHA1 announced as HMAC-SHA256", "signature-method", a -> { a.alg = "HMAC-SHA256"; a.query = p("a", "b"); }, m -> m.alg = "HMAC-SHA1");
    fault("sig-twice", "signature escaped twice", "the signature is encoded before Retrofit encodes it", "double-encoding", a -> a.place = "query", m -> m.sig = Gen::strict);
    fault("sig-newline", "line feeds in signature", "Base64.DEFAULT of Android ends with a line feed", "secret-whitespace signature-method percent-encoding query-changed", a -> {}, m -> m.sig = s -> s + "\n");
    fault("retrofit-query", "query not signed", "the interceptor signs url.encodedPath alone", "query-changed", a -> a.query = p("page_number", "0"), m -> m.query = l -> new ArrayList<>());
    fault("interceptor-form", "form not signed", "the interceptor does not read the FormBody", "body-not-signed", a -> { a.method = "POST"; a.form = p("meal", "lunch"); }, m -> m.form = l -> new ArrayList<>());
    fault("decoded", "values not encoded", "the decoded value goes into the base string", "percent-encoding", a -> a.query = p("date", "2025/11/29"), m -> m.enc = s -> s);
    fault("encoded-twice", "values encoded twice", "okhttp's encoded query is encoded again", "double-encoding", a -> a.query = p("q", "50% off"), m -> m.enc = s -> strict(strict(s)));
    fault("http", "scheme", "HttpServletRequest.getScheme behind the load balancer", "scheme", a -> {}, m -> m.url = u -> u.replace("https", "http"));
    fault("port", "port", "URL.getPort gives -1", "port", a -> {}, m -> m.url = u -> u.replace(".com", ".com:-1"));
    fault("port443", "port", "getDefaultPort is written out", "port", a -> {}, m -> m.url = u -> u.replace(".com", ".com:443"));
    fault("path-case", "path", "the path in small letters", "path", a -> a.url = "https://platform.example.com/Rest/Server.api", m -> m.url = u -> u.toLowerCase());
    fault("method-enum", "method", "the enum is called Get", "method", a -> {}, m -> m.method = s -> "Get");
    fault("no-method", "method", "POST is signed for a PUT that is tunnelled", "method", a -> a.method = "PUT", m -> m.method = s -> "POST");
    System.out.println("[\n" + String.join(",\n", out) + "\n]");
  }
}
