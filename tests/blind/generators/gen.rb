# Faulty signers of Ruby, by the oauth gem where it can be misled. Prints the table's part as JSON.
require "oauth"; require "oauth/request_proxy/net_http"; require "oauth/client/net_http"; require "net/http"; require "json"; require "cgi"; require "erb"; require "openssl"; require "base64"
K = {consumer: "BaV7UyGzW2rqM0d1", consumer_secret: "x9FhT0qLpZk3Jv8sQm1N", token: "8c1f6de24b7a", token_secret: "r2GdY7uXe5WbKc4H"}
CASES = []
def gem_sign(url, method: "GET", form: nil, json: nil, cs: nil, ts: nil, multi: false, alg: "HMAC-SHA1", options: {})
  uri = URI(url)
  klass = Net::HTTP.const_get(method.capitalize)
  request = klass.new(uri.request_uri)
  request.set_form_data(form) if form
  if json
    request.body = json; request["Content-Type"] = "application/json"
  end
  consumer = OAuth::Consumer.new(K[:consumer], cs || K[:consumer_secret], site: "#{uri.scheme}://#{uri.host}", signature_method: alg)
  token = OAuth::AccessToken.new(consumer, K[:token], ts || K[:token_secret])
  http = Net::HTTP.new(uri.host, uri.port); http.use_ssl = uri.scheme == "https"
  request.oauth!(http, consumer, token, {nonce: "ruby0nce42", timestamp: "1764400000", signature_method: alg}.merge(options))
  request["Authorization"]
end
def fault(id, kind, what, codes, sides, wrong, right, sent)
  build = lambda { |a| {method: sent[:method] || "GET", url: sent[:url], headers: [["Authorization", gem_sign(*a[0..0], **(a[1] || {}))]] + (sent[:type] ? [["Content-Type", sent[:type]]] : []), body: sent[:body]} }
  CASES << {id: "rb-#{id}", kind: kind, what: what, codes: codes, sides: sides, keys: K, request: build.(wrong), right: build.(right)}
end
U = "https://api.discogs.example/oauth/identity"; F = "application/x-www-form-urlencoded"; S = ["signer"]
fault("query", "query not signed", "oauth gem: the query is added after oauth!", ["query-changed"], S, [U], ["#{U}?page=3"], {url: "#{U}?page=3"})
fault("query-changed", "query changed", "oauth gem: the page is changed after oauth!", ["query-changed", "consumer-secret", "token-secret"], S, ["#{U}?page=2&sort=a"], ["#{U}?page=3&sort=a"], {url: "#{U}?page=3&sort=a"})
fault("extra", "query changed", "oauth gem: Faraday's middleware adds a parameter afterwards", ["query-changed"], S, ["#{U}?page=3"], ["#{U}?page=3&locale=de"], {url: "#{U}?page=3&locale=de"})
fault("form", "form not signed", "oauth gem: the body is set after oauth!", ["body-not-signed", "body-changed"], S, [U, {method: "POST"}], [U, {method: "POST", form: {"rating" => "5"}}], {url: U, method: "POST", type: F, body: "rating=5"})
fault("body", "body changed", "oauth gem: a field is changed after oauth!", ["body-changed", "consumer-secret", "token-secret"], S, [U, {method: "POST", form: {"rating" => "5", "a" => "b"}}], [U, {method: "POST", form: {"rating" => "4", "a" => "b"}}], {url: U, method: "POST", type: F, body: "rating=4&a=b"})
fault("field-added", "body changed", "oauth gem: a field is added after oauth!", ["body-changed"], S, [U, {method: "POST", form: {"rating" => "5"}}], [U, {method: "POST", form: {"rating" => "5", "utf8" => "x"}}], {url: U, method: "POST", type: F, body: "rating=5&utf8=x"})
fault("json-as-form", "JSON body signed", "oauth gem: a form was signed, JSON is sent", ["body-signed"], S, [U, {method: "POST", form: {"rating" => "5"}}], [U, {method: "POST", json: '{"rating":5}'}], {url: U, method: "POST", type: "application/json", body: '{"rating":5}'})
fault("method", "method", "oauth gem: signs GET, PATCH is sent", ["method"], S, [U], [U, {method: "PATCH"}], {url: U, method: "PATCH"})
fault("cs", "secret of another account", "oauth gem: the consumer secret of staging", ["consumer-secret"], [], [U, {cs: "stagingSecret00112233"}], [U], {url: U})
fault("ws", "white space in secret", "oauth gem: ENV with a line feed in the consumer secret", ["secret-whitespace"], S, [U, {cs: K[:consumer_secret] + "\n"}], [U], {url: U})
fault("ws2", "white space in secret", "oauth gem: YAML with blanks on both sides of the token secret", ["secret-whitespace"], S, [U, {ts: " #{K[:token_secret]} "}], [U], {url: U})
fault("nil-ts", "token secret forgotten", "oauth gem: the token secret is empty", ["token-secret", "token-missing"], S, [U, {ts: ""}], [U], {url: U})
fault("scheme", "scheme", "oauth gem: signs http, is redirected by HSTS to https", ["scheme"], ["signer", "between", ""], [U.sub("https", "http")], [U], {url: U})
fault("port", "port", "oauth gem: signs port 8080 of the inside", ["port"], ["signer", "between", ""], [U.sub(".example", ".example:8080")], [U], {url: U})
fault("subdomain", "host", "oauth gem: site is another subdomain", ["host"], ["signer", ""], [U.sub("api.", "www.")], [U], {url: U})
fault("path-case", "path", "oauth gem: the path in another case", ["path", "consumer-secret", "token-secret"], S, [U.sub("identity", "Identity")], [U], {url: U})
fault("empty", "empty values", "oauth gem: an empty value is taken out after oauth!", ["empty-value", "query-changed", "consumer-secret", "token-secret"], ["signer", ""], ["#{U}?a=&page=3"], ["#{U}?page=3"], {url: "#{U}?page=3"})
fault("dup", "duplicates", "oauth gem: one of two equal parameters is lost after oauth!", ["duplicate-parameters", "query-changed"], ["signer", ""], ["#{U}?id=1&id=1&id=2"], ["#{U}?id=1&id=2"], {url: "#{U}?id=1&id=2"})
fault("bodyhash", "body changed", "oauth gem: oauth_body_hash of another text", ["body-changed"], S, [U, {method: "POST", json: '{"rating":5}', options: {}}], [U, {method: "POST", json: '{"rating": 5}', options: {}}], {url: U, method: "POST", type: "application/json", body: '{"rating": 5}'})
has_hash = CASES.last[:request][:headers][0][1].include?("oauth_body_hash")
has_hash && CASES.last[:request] != CASES.last[:right] ? CASES.last[:proof] = "body_hash" : CASES.pop
# by hand
def hand(id, kind, what, codes, query, m = {})
  ok = ->(s) { ERB::Util.url_encode(s.to_s.dup.force_encoding("UTF-8")) }
  make = lambda do |m|
    oauth = {"oauth_consumer_key" => K[:consumer], "oauth_nonce" => "byhand1", "oauth_signature_method" => "HMAC-SHA1", "oauth_timestamp" => "1764400000", "oauth_token" => K[:token]}
    enc = m[:enc] || ok
    pairs = (query + oauth.to_a).map { |k, v| [(m[:enc_key] || enc).(k), enc.(v)] }
    pairs = (m[:sort] || ->(p) { p.sort }).(pairs)
    norm = pairs.map { |p| p.join("=") }.join("&")
    outer = m[:outer] || ok
    base = ["GET", outer.(U), outer.(norm)].join("&")
    base = m[:base].(base) if m[:base]
    digest = OpenSSL::HMAC.digest("sha1", "#{K[:consumer_secret]}&#{K[:token_secret]}", base)
    sig = (m[:b64] || ->(d) { Base64.strict_encode64(d) }).(digest)
    head = oauth.merge("oauth_signature" => sig).map { |k, v| %(#{k}="#{ok.(v)}") }.join(", ")
    qs = query.map { |k, v| "#{ok.(k)}=#{ok.(v)}" }.join("&")
    {method: "GET", url: qs.empty? ? U : "#{U}?#{qs}", headers: [["Authorization", "OAuth #{head}"]], body: nil}
  end
  CASES << {id: "rb-hand-#{id}", kind: kind, what: what, codes: codes, sides: ["signer"], keys: K, request: make.(m), right: make.({})}
end
hand("cgi", "urlencode", "CGI.escape: + for a space", ["plus-as-space"], [["q", "Daft Punk"]], enc: ->(s) { CGI.escape(s.to_s) })
hand("cgi-star", "encodeURIComponent", "CGI.escape of old leaves * alone", ["percent-encoding"], [["q", "A*Teens"]], enc: ->(s) { ERB::Util.url_encode(s.to_s).gsub("%2A", "*") })
hand("uri-escape", "encodeURI", "URI.escape leaves & and = alone", ["percent-encoding"], [["q", "Simon & Garfunkel=1"]], enc: ->(s) { URI::DEFAULT_PARSER.escape(s.to_s) })
hand("strip", "line feeds in signature", "Base64.encode64 leaves a line feed at the end of the signature", ["secret-whitespace", "signature-method", "percent-encoding", "query-changed"], [], b64: ->(d) { Base64.encode64(d) })
hand("urlsafe", "base64 alphabet", "urlsafe_encode64: - and _ for + and /", ["signature-method", "percent-encoding"], [["n", "0"]], b64: ->(d) { Base64.urlsafe_encode64(d) })
hand("hash-order", "order", "in the order of the hash", ["parameter-order"], [["z", "1"], ["b", "2"]], sort: ->(p) { p })
hand("no-host-slash", "outer layer: other escapes", "the slash of the path is not escaped in the base string", ["percent-encoding"], [["a", "1"]], base: ->(b) { b.gsub("%2F", "/") })
hand("colon", "outer layer: other escapes", "the colon of the URL is not escaped in the base string", ["percent-encoding"], [["a", "1"]], base: ->(b) { b.sub("%3A", ":") })
hand("newline", "base string with line feeds", "the parts of the base string are joined by & and a line feed", ["parameter-order", "percent-encoding", "signature-method"], [["a", "1"]], base: ->(b) { b.sub("GET&", "GET&\n") })
CASES.pop
puts JSON.pretty_generate(CASES)
