// Signs the requests of requests.tsv as clients in JavaScript do that encode or sort by what the language has:
//     node sign.mjs > node.json
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import querystring from "node:querystring";

const rfc = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
const form = (text) => new URLSearchParams([["", text]]).toString().slice(1);
const first = (text) => encodeURIComponent(text).replace("!", "%21").replace("'", "%27").replace("(", "%28")
  .replace(")", "%29").replace("*", "%2A"); // a string for a pattern: only the first of each
const plain = (text) => text;
const byBytes = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const sorted = (compare) => (pairs) => [...pairs].sort(([a, v], [b, w]) => compare(a, b) || compare(v, w));
const right = sorted(byBytes);
const encoded = (encode, pairs) => pairs.map(([name, value]) => [encode(name), encode(value)]);
const joined = (pairs) => pairs.map((pair) => pair.join("=")).join("&");

function normal({ inner = rfc, order = right, collect = plain, decodedOrder = false }, pairs) {
  const kept = collect(pairs);
  return joined(decodedOrder ? encoded(inner, order(kept)) : order(encoded(inner, kept)));
}

function grouped(pairs) {
  const groups = new Map();
  for (const [name, value] of pairs) groups.set(name, [...(groups.get(name) ?? []), value]);
  return [...groups];
}

const PERCENT = "percent-encoding", PLUS = "plus-as-space percent-encoding", ORDER = "parameter-order";
const DUPLICATE = "duplicate-parameters";
const ways = [
  ["encodeURIComponent in both layers", PERCENT, { inner: encodeURIComponent, outer: encodeURIComponent }],
  ["encodeURIComponent in values", PERCENT, { inner: encodeURIComponent }],
  ["encodeURIComponent outside", PERCENT, { outer: encodeURIComponent }],
  ["encodeURI in both layers", PERCENT, { inner: encodeURI, outer: encodeURI }],
  ["encodeURI in values", PERCENT, { inner: encodeURI }],
  ["encodeURI outside", PERCENT, { outer: encodeURI }],
  ["escape in both layers", `${PERCENT} charset`, { inner: escape, outer: escape }],
  ["escape in values", `${PERCENT} charset`, { inner: escape }],
  ["escape outside", PERCENT, { outer: escape }],
  ["URLSearchParams in both layers", PLUS, { inner: form, outer: form }],
  ["URLSearchParams in values", PLUS, { inner: form }],
  ["URLSearchParams outside", PERCENT, { outer: form }],
  ["querystring.escape in both layers", PERCENT, { inner: querystring.escape, outer: querystring.escape }],
  ["replace of the first alone", PERCENT, { inner: first, outer: first }],
  ["encoded twice", "double-encoding", { inner: (text) => rfc(rfc(text)) }],
  ["the joined parameters encoded twice", "double-encoding", { outer: (text) => rfc(text.includes("://") ? text : rfc(text)) }],
  ["joined and then encoded", "double-encoding percent-encoding", { inner: plain }],
  ["nothing encoded outside", PERCENT, { outer: plain }],
  ["localeCompare", ORDER, { order: sorted((a, b) => a.localeCompare(b, "en")) }],
  ["localeCompare before encoding", ORDER, { order: sorted((a, b) => a.localeCompare(b, "en")), decodedOrder: true }],
  ["localeCompare of numbers", ORDER, { order: sorted((a, b) => a.localeCompare(b, "en", { numeric: true })) }],
  ["sort before encoding", ORDER, { decodedOrder: true }],
  ["sort of names alone", ORDER, { order: (pairs) => [...pairs].sort(([a], [b]) => byBytes(a, b)) }],
  ["no sort", ORDER, { order: plain }],
  ["an object, the last of each name", DUPLICATE, { collect: (pairs) => Object.entries(Object.fromEntries(pairs)) }],
  ["an array as text", DUPLICATE, { collect: (pairs) => grouped(pairs).map(([name, all]) => [name, String(all)]) }],
  ["an array with indices", DUPLICATE, { collect: (pairs) => grouped(pairs).flatMap(([name, all]) =>
    all.length === 1 ? [[name, all[0]]] : all.map((value, at) => [`${name}[${at}]`, value])) }],
  ["an array with brackets", DUPLICATE, { collect: (pairs) => grouped(pairs).flatMap(([name, all]) =>
    all.length === 1 ? [[name, all[0]]] : all.map((value) => [`${name}[]`, value])) }],
  ["&amp; between parameters", "percent-encoding query-changed", { amp: true }],
  ["the URL's path alone", "host scheme path", { url: (url) => new URL(url).pathname }],
  ["the URL without its scheme", "scheme host", { url: (url) => url.replace(/^https?:\/\//, "") }],
  ["the URL with // alone", "scheme host", { url: (url) => url.replace(/^https?:/, "") }],
  ["the URL's origin alone", "path", { url: (url) => new URL(url).origin }],
  ["host alone, without port and path", "path port", { url: (url) => `${new URL(url).protocol}//${new URL(url).hostname}` }],
  ["hexadecimal digits", "signature-method", { digest: "hex" }],
  ["base64 for URLs", "signature-method", { digest: "base64url" }],
];

const rows = [];
for (const line of readFileSync(new URL("requests.tsv", import.meta.url), "utf8").trim().split("\n")) {
  const [id, method, scheme, host, path, , fields] = line.split("\t");
  const oauth = { oauth_consumer_key: "ck-dpf43f3p2l4k", oauth_token: "at-nnch734d00sl", oauth_signature_method: "HMAC-SHA1",
    oauth_timestamp: "1700000000", oauth_nonce: "wIjqoxSZeYVc4nN8", oauth_version: "1.0" };
  const own = fields.split("|").map((field) => [field.split("=")[0], field.slice(field.indexOf("=") + 1)]);
  const sign = ({ outer = rfc, url = plain, amp = false, digest = "base64", ...way }) => {
    let text = normal(way, [...own, ...Object.entries(oauth)]);
    if (amp) text = text.replaceAll("&", "&amp;");
    const base = [method, outer(url(`${scheme}://${host}${path}`)), outer(text)].join("&");
    const made = createHmac("sha1", "CSkd94hf93k423kf44&TSpfkkdhi9sl3r4s00").update(base).digest(digest);
    return [base, made];
  };
  const [goodBase, good] = sign({});
  for (const [name, codes, way] of ways) {
    let base, signature;
    try { [base, signature] = sign(way); } catch { continue; }
    if (signature !== good) rows.push({ client: `Node.js ${process.versions.node}`, way: name, codes, request: id, base, signature });
  }
}
console.log(JSON.stringify(rows, null, 0).replaceAll("},{", "},\n{"));
