// Signs the requests of requests.tsv as clients in Java do that encode or sort by what the language has:
//     javac -d build Sign.java && java -cp build Sign requests.tsv > java.json
import java.net.*;
import java.nio.charset.*;
import java.nio.file.*;
import java.text.Collator;
import java.util.*;
import java.util.function.*;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

class Sign {
    record Pair(String name, String value) {}
    record Way(String name, String codes, UnaryOperator<String> inner, UnaryOperator<String> outer,
               UnaryOperator<List<Pair>> order, UnaryOperator<List<Pair>> collect) {}

    static String form(String text) { return URLEncoder.encode(text, StandardCharsets.UTF_8); }
    static String rfc(String text) { return form(text).replace("+", "%20").replace("*", "%2A").replace("%7E", "~"); }
    static String spaces(String text) { return form(text).replace("+", "%20"); }
    static String tilde(String text) { return form(text).replace("+", "%20").replace("%7E", "~"); }
    static String lower(String text) {
        StringBuilder made = new StringBuilder();
        for (byte one : text.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (one & 0xff);
            made.append("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".indexOf(c) >= 0
                ? String.valueOf(c) : String.format("%%%02x", (int) c));
        }
        return made.toString();
    }
    static String latin(String text) {
        return URLEncoder.encode(text, StandardCharsets.ISO_8859_1).replace("+", "%20").replace("*", "%2A").replace("%7E", "~");
    }
    static String ascii(String text) {
        return URLEncoder.encode(text, StandardCharsets.US_ASCII).replace("+", "%20").replace("*", "%2A").replace("%7E", "~");
    }
    static String uri(String text) {  // java.net.URI's quoting of a path
        try {
            return new URI(null, null, "/" + text, null).toASCIIString().substring(1);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
    static UnaryOperator<List<Pair>> by(Comparator<Pair> comparator) {
        return pairs -> { List<Pair> sorted = new ArrayList<>(pairs); sorted.sort(comparator); return sorted; };
    }
    static final Comparator<Pair> BYTES = Comparator.comparing(Pair::name).thenComparing(Pair::value);
    static UnaryOperator<List<Pair>> first() {
        return pairs -> { Map<String, Pair> kept = new LinkedHashMap<>(); pairs.forEach(p -> kept.putIfAbsent(p.name(), p)); return new ArrayList<>(kept.values()); };
    }
    static UnaryOperator<List<Pair>> last() {
        return pairs -> { Map<String, Pair> kept = new TreeMap<>(); pairs.forEach(p -> kept.put(p.name(), p)); return new ArrayList<>(kept.values()); };
    }
    static Way way(String name, String codes, UnaryOperator<String> inner, UnaryOperator<String> outer) {
        return new Way(name, codes, inner, outer, by(BYTES), pairs -> pairs);
    }
    static Way order(String name, Comparator<Pair> comparator) {
        return new Way(name, "parameter-order", Sign::rfc, Sign::rfc, by(comparator), pairs -> pairs);
    }

    static String base(String method, String url, Way way, List<Pair> pairs) {
        List<Pair> encoded = new ArrayList<>();
        for (Pair pair : way.collect().apply(pairs)) encoded.add(new Pair(way.inner().apply(pair.name()), way.inner().apply(pair.value())));
        StringJoiner joined = new StringJoiner("&");
        for (Pair pair : way.order().apply(encoded)) joined.add(pair.name() + "=" + pair.value());
        return method + "&" + way.outer().apply(url) + "&" + way.outer().apply(joined.toString());
    }
    static String signature(String base) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA1");
        mac.init(new SecretKeySpec("CSkd94hf93k423kf44&TSpfkkdhi9sl3r4s00".getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
        return Base64.getEncoder().encodeToString(mac.doFinal(base.getBytes(StandardCharsets.UTF_8)));
    }
    static String quoted(String text) {
        StringBuilder made = new StringBuilder("\"");
        for (char c : text.toCharArray()) made.append(c == '"' || c == '\\' ? "\\" + c : c < 127 && c > 31 ? "" + c : String.format("\\u%04x", (int) c));
        return made.append('"').toString();
    }

    public static void main(String[] arguments) throws Exception {
        String plus = "plus-as-space percent-encoding", percent = "percent-encoding";
        Collator collator = Collator.getInstance(Locale.ENGLISH);
        List<Way> ways = List.of(
            way("URLEncoder in both layers", plus, Sign::form, Sign::form),
            way("URLEncoder in values", plus, Sign::form, Sign::rfc),
            way("URLEncoder outside", percent, Sign::rfc, Sign::form),
            way("URLEncoder with %20 in both layers", percent, Sign::spaces, Sign::spaces),
            way("URLEncoder with %20 in values", percent, Sign::spaces, Sign::rfc),
            way("URLEncoder with %20 outside", percent, Sign::rfc, Sign::spaces),
            way("URLEncoder with %20 and ~ in both layers", percent, Sign::tilde, Sign::tilde),
            way("small digits in both layers", percent, Sign::lower, Sign::lower),
            way("small digits outside", percent, Sign::rfc, Sign::lower),
            way("ISO-8859-1", "charset", Sign::latin, Sign::rfc),
            way("US-ASCII", "charset", Sign::ascii, Sign::rfc),
            way("java.net.URI in both layers", percent, Sign::uri, text -> uri(text.replace("%", "%25")).replace("%2525", "%25")),
            way("encoded twice", "double-encoding", text -> rfc(rfc(text)), Sign::rfc),
            way("nothing encoded in values", "double-encoding percent-encoding", text -> text, Sign::rfc),
            order("CASE_INSENSITIVE_ORDER", Comparator.comparing(Pair::name, String.CASE_INSENSITIVE_ORDER).thenComparing(Pair::value)),
            order("a Collator", Comparator.comparing(Pair::name, collator).thenComparing(Pair::value, collator)),
            order("backwards", BYTES.reversed()),
            new Way("a map, the first of each name", "duplicate-parameters", Sign::rfc, Sign::rfc, by(BYTES), first()),
            new Way("a map, the last of each name", "duplicate-parameters", Sign::rfc, Sign::rfc, by(BYTES), last()));
        StringJoiner rows = new StringJoiner(",\n", "[", "]");
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            String[] part = line.split("\t");
            List<Pair> pairs = new ArrayList<>();
            for (String field : part[6].split("\\|")) pairs.add(new Pair(field.substring(0, field.indexOf('=')), field.substring(field.indexOf('=') + 1)));
            pairs.add(new Pair("oauth_consumer_key", "ck-dpf43f3p2l4k"));
            pairs.add(new Pair("oauth_token", "at-nnch734d00sl"));
            pairs.add(new Pair("oauth_signature_method", "HMAC-SHA1"));
            pairs.add(new Pair("oauth_timestamp", "1700000000"));
            pairs.add(new Pair("oauth_nonce", "wIjqoxSZeYVc4nN8"));
            pairs.add(new Pair("oauth_version", "1.0"));
            String url = part[2] + "://" + part[3] + part[4];
            String right = base(part[1], url, way("", "", Sign::rfc, Sign::rfc), pairs);
            for (Way way : ways) {
                String base = base(part[1], url, way, pairs);
                if (base.equals(right)) continue;
                rows.add(String.format("{\"client\":\"Java %s\",\"way\":%s,\"codes\":%s,\"request\":%s,\"base\":%s,\"signature\":%s}",
                    System.getProperty("java.version"), quoted(way.name()), quoted(way.codes()), quoted(part[0]), quoted(base), quoted(signature(base))));
            }
        }
        System.out.println(rows);
    }
}
