// Faulty signers of Go, as they are written with net/url. Prints the table's part as JSON: go run gen.go
package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"net/url"
	"os"
	"sort"
	"strings"
)

var keys = map[string]string{"consumer": "go-app-31f7c2", "consumer_secret": "gS8vQ2mZ6xT0wN4kHcYp", "token": "go-tok-9a0b", "token_secret": "eR5uB1jX7dLqMfW3"}

func strict(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

type pair [2]string
type call struct {
	method, url string
	query, form []pair
	alg         string
	host        string
	rawURL      string
}
type mistake struct {
	enc, outer, base, url, key, sig func(string) string
	method                          func(string) string
	query, form                     func([]pair) []pair
	order                           func([]pair)
	hash                            func() hash.Hash
	hex                             bool
}

func or(f func(string) string, g func(string) string) func(string) string {
	if f != nil {
		return f
	}
	return g
}
func same(s string) string { return s }

func sign(c call, m mistake) map[string]interface{} {
	if c.alg == "" {
		c.alg = "HMAC-SHA1"
	}
	if c.method == "" {
		c.method = "GET"
	}
	oauth := []pair{{"oauth_consumer_key", keys["consumer"]}, {"oauth_nonce", "g0n0nce"}, {"oauth_signature_method", c.alg}, {"oauth_timestamp", "1764400000"}, {"oauth_token", keys["token"]}, {"oauth_version", "1.0"}}
	q, f := c.query, c.form
	if m.query != nil {
		q = m.query(q)
	}
	if m.form != nil {
		f = m.form(f)
	}
	enc, outer := or(m.enc, strict), or(m.outer, strict)
	var all []pair
	for _, l := range [][]pair{q, f, oauth} {
		for _, p := range l {
			all = append(all, pair{enc(p[0]), enc(p[1])})
		}
	}
	if m.order != nil {
		m.order(all)
	} else {
		sort.Slice(all, func(i, j int) bool { return all[i][0] < all[j][0] || all[i][0] == all[j][0] && all[i][1] < all[j][1] })
	}
	var parts []string
	for _, p := range all {
		parts = append(parts, p[0]+"="+p[1])
	}
	base := or(m.base, same)(or(m.method, same)(c.method) + "&" + outer(or(m.url, same)(c.url)) + "&" + outer(strings.Join(parts, "&")))
	key := or(m.key, same)(strict(keys["consumer_secret"]) + "&" + strict(keys["token_secret"]))
	h := m.hash
	if h == nil {
		h = sha1.New
		if c.alg == "HMAC-SHA256" {
			h = sha256.New
		}
	}
	mac := hmac.New(h, []byte(key))
	mac.Write([]byte(base))
	sig := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if m.hex {
		sig = hex.EncodeToString(mac.Sum(nil))
	}
	sig = or(m.sig, same)(sig)
	var head []string
	for _, p := range append(append([]pair{}, oauth...), pair{"oauth_signature", sig}) {
		head = append(head, fmt.Sprintf("%s=%q", p[0], strict(p[1])))
	}
	headers := [][]string{{"Authorization", "OAuth " + strings.Join(head, ", ")}}
	write := func(l []pair) string {
		var parts []string
		for _, p := range l {
			parts = append(parts, strict(p[0])+"="+strict(p[1]))
		}
		return strings.Join(parts, "&")
	}
	sent := c.url
	if c.rawURL != "" {
		sent = c.rawURL
	}
	if len(c.query) > 0 {
		sent += "?" + write(c.query)
	}
	var body interface{}
	if c.form != nil {
		body = write(c.form)
		headers = append(headers, []string{"Content-Type", "application/x-www-form-urlencoded"})
	}
	if c.host != "" {
		headers = append(headers, []string{"Host", c.host})
	}
	return map[string]interface{}{"method": c.method, "url": sent, "headers": headers, "body": body}
}

var cases []map[string]interface{}

func fault(id, kind, what string, codes []string, c call, m mistake, sides ...string) {
	if len(sides) == 0 {
		sides = []string{"signer"}
	}
	cases = append(cases, map[string]interface{}{"id": "go-" + id, "kind": kind, "what": what, "codes": codes, "sides": sides, "keys": keys, "request": sign(c, m), "right": sign(c, mistake{})})
}

func main() {
	u := "https://connect.example.org/wellness-api/rest/dailies"
	one := func(c ...string) []string { return c }
	q := []pair{{"uploadStartTimeInSeconds", "1764300000"}, {"uploadEndTimeInSeconds", "1764386400"}}
	fault("queryescape", "urlencode", "url.QueryEscape: + for a space", one("plus-as-space"), call{url: u, query: []pair{{"name", "New York"}}}, mistake{enc: url.QueryEscape})
	fault("pathescape", "PathEscape", "url.PathEscape leaves & = + : @ $", one("percent-encoding"), call{url: u, query: []pair{{"mail", "a+b@c.example"}}}, mistake{enc: url.PathEscape})
	fault("pathescape2", "PathEscape", "url.PathEscape leaves & and = of a value", one("percent-encoding"), call{url: u, query: []pair{{"next", "a=1&b=2"}}}, mistake{enc: url.PathEscape})
	fault("outer-path", "outer layer: other escapes", "url.PathEscape on the normalized string", one("percent-encoding"), call{url: u, query: q}, mistake{outer: func(s string) string {
		if strings.HasPrefix(s, "http") {
			return strict(s)
		}
		return url.PathEscape(s)
	}})
	fault("values-encode", "outer layer: urlencode", "Values.Encode, then QueryEscape: a space is %2B", one("plus-as-space"), call{url: u, query: []pair{{"q", "a b"}}}, mistake{enc: url.QueryEscape})
	fault("no-query", "query not signed", "req.URL.RawQuery is set after signing", one("query-changed"), call{url: u, query: q}, mistake{query: func([]pair) []pair { return nil }})
	fault("no-form", "form not signed", "the body is not read for signing", one("body-not-signed"), call{method: "POST", url: u, form: []pair{{"a", "1"}, {"b", "2"}}}, mistake{form: func([]pair) []pair { return nil }})
	fault("first-only", "duplicates", "Values.Get takes the first of two", one("duplicate-parameters"), call{url: u, query: []pair{{"t", "a"}, {"t", "b"}}}, mistake{query: func(l []pair) []pair { return l[:1] }})
	fault("dedup", "duplicates", "a set: equal pairs count once", one("duplicate-parameters"), call{url: u, query: []pair{{"t", "a"}, {"t", "a"}}}, mistake{query: func(l []pair) []pair { return l[:1] }})
	fault("hex", "hex digest", "hex.EncodeToString instead of base64", one("signature-method"), call{url: u, query: q}, mistake{hex: true})
	fault("sha256", "other digest", "sha256.New for HMAC-SHA1", one("signature-method"), call{url: u, query: q}, mistake{hash: sha256.New})
	fault("sha1", "other digest", "sha1.New for HMAC-SHA256", one("signature-method"), call{url: u, query: q, alg: "HMAC-SHA256"}, mistake{hash: sha1.New})
	fault("string", "URL with query", "req.URL.String() as base URL", one("path", "query-changed"), call{url: u, query: q}, mistake{url: func(s string) string { return s + "?uploadStartTimeInSeconds=1764300000&uploadEndTimeInSeconds=1764386400" }})
	fault("host-only", "base URL without scheme", "req.Host + req.URL.Path as base URL", one("scheme", "host"), call{url: u}, mistake{url: func(s string) string { return strings.TrimPrefix(s, "https://") }})
	fault("slashslash", "base URL without scheme", "//host/path as base URL", one("scheme"), call{url: u}, mistake{url: func(s string) string { return strings.TrimPrefix(s, "https:") }})
	fault("uri", "base URL without host", "req.RequestURI as base URL", one("host", "scheme", "path"), call{url: u}, mistake{url: func(s string) string { return "/wellness-api/rest/dailies" }})
	fault("scheme-empty", "base URL without scheme", "req.URL.Scheme is empty on the server's side: ://host", one("scheme"), call{url: u}, mistake{url: func(s string) string { return strings.TrimPrefix(s, "https") }})
	fault("encoded-path", "path", "URL.Path is decoded: %20 in the path", one("path", "percent-encoding", "double-encoding"), call{url: "https://connect.example.org/f/my%20file"}, mistake{url: func(s string) string { return "https://connect.example.org/f/my file" }})
	fault("encoded-slash", "path", "URL.Path is decoded: %2F in the path", one("path", "percent-encoding", "double-encoding"), call{url: "https://connect.example.org/f/a%2Fb"}, mistake{url: func(s string) string { return "https://connect.example.org/f/a/b" }})
	fault("clean", "path", "path.Clean takes // and .. out", one("path"), call{url: "https://connect.example.org/a//b"}, mistake{url: func(s string) string { return "https://connect.example.org/a/b" }})
	fault("upper-method", "method", "http.MethodGet is signed for every call", one("method"), call{method: "PATCH", url: u}, mistake{method: func(string) string { return "GET" }})
	fault("key-newline", "white space in secret", "os.ReadFile of the token secret with its line feed", one("secret-whitespace"), call{url: u}, mistake{key: func(k string) string { return k + "\n" }})
	fault("key-newline2", "white space in secret", "os.ReadFile of the consumer secret with its line feed", one("secret-whitespace"), call{url: u, query: q}, mistake{key: func(k string) string { return strings.Replace(k, "&", "%0A&", 1) }})
	fault("key-quoted", "quotes in secret", "the token secret with the quotes of the .env file", one("secret-whitespace", "token-secret"), call{url: u}, mistake{key: func(k string) string { return strings.Replace(k, "&", "&%22", 1) + "%22" }})
	fault("key-space", "key with a space", "the key as consumer & token with spaces", one("signing-key-encoding", "secret-whitespace"), call{url: u}, mistake{key: func(k string) string { return strings.Replace(k, "&", " & ", 1) }})
	fault("key-plus", "key with a space", "the key joined by + instead of &", one("signing-key-encoding"), call{url: u}, mistake{key: func(k string) string { return strings.Replace(k, "&", "+", 1) }})
	fault("key-amp", "key encoded twice", "the key joined by %26", one("signing-key-encoding"), call{url: u}, mistake{key: func(k string) string { return strings.Replace(k, "&", "%26", 1) }})
	fault("key-ct", "token secret forgotten", "no token secret, though the token is sent", one("token-secret", "token-missing"), call{url: u, query: q}, mistake{key: func(k string) string { return k[:strings.Index(k, "&")+1] }})
	fault("key-cc", "secret of another account", "the consumer secret twice", one("token-secret", "consumer-secret"), call{url: u}, mistake{key: func(k string) string { p := strings.Split(k, "&"); return p[0] + "&" + p[0] }})
	fault("key-lower", "secret in other case", "the consumer secret in small letters", one("consumer-secret"), call{url: u}, mistake{key: func(k string) string { p := strings.Split(k, "&"); return strings.ToLower(p[0]) + "&" + p[1] }})
	fault("key-cut", "secret cut", "the token secret without its last character", one("token-secret"), call{url: u}, mistake{key: func(k string) string { return k[:len(k)-1] }})
	fault("reqhost", "host", "req.Host is set after signing", one("host"), call{url: u, rawURL: u, host: "api.example.org"}, mistake{}, "signer", "")
	cases[len(cases)-1]["right"] = sign(call{url: "https://api.example.org/wellness-api/rest/dailies", rawURL: u, host: "api.example.org"}, mistake{})
	fault("unsorted", "order", "no sorting", one("parameter-order"), call{url: u, query: q}, mistake{order: func([]pair) {}})
	fault("sort-len", "order", "sort.Slice with the wrong comparison: by length", one("parameter-order"), call{url: u, query: q}, mistake{order: func(l []pair) { sort.SliceStable(l, func(i, j int) bool { return len(l[i][0]) < len(l[j][0]) }) }})
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", " ")
	e.Encode(cases)
}
