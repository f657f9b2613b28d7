// Sign the vectors with JavaScript's OAuth 1.0a libraries, and say what each gets wrong: node vectors/run.js
//
// Run are oauth-1.0a and oauth, where npm has installed them in this folder or one above, or where NODE_PATH says.
// A wrong signature that one of the faults makes of the same request is called by its cause. See run.py.
"use strict";

const crypto = require("crypto");
const fs = require("fs");
const path = require("path");

const vectors = JSON.parse(fs.readFileSync(path.join(__dirname, "oauth1.json"), "utf8"));

class NotAsked extends Error {}

function readCases() {
  const same = ["method", "url", "headers", "body", "body_base64", "oauth", "consumer_secret", "token_secret"];
  const found = new Map();
  for (const row of [...vectors.requests, ...vectors.faults]) {
    if (row.signature === null) continue;
    const key = JSON.stringify(same.map((name) => row[name] ?? null));
    if (!found.has(key)) found.set(key, { row, wrongs: new Map() });
    const { wrongs } = found.get(key);
    if (row.wrong && !wrongs.has(row.wrong.signature)) wrongs.set(row.wrong.signature, row);
  }
  return [...found.values()];
}

const isForm = (row) => (row.headers["Content-Type"] ?? "").toLowerCase().startsWith("application/x-www-form-urlencoded");
const readKey = (row) => row.rsa_key && vectors.rsa_keys[row.rsa_key].private.join("\n") + "\n";

// The fields of a form as the libraries take them: an object, with a list where a name is there more than once.
function readForm(row) {
  const fields = {};
  if (!isForm(row)) return fields;
  for (const [name, value] of new URLSearchParams(row.body ?? "")) {
    fields[name] = name in fields ? [].concat(fields[name], value) : value;
  }
  return fields;
}

const LIBRARIES = {
  "oauth-1.0a": (OAuth) => (row) => {
    const { oauth_consumer_key: key, oauth_signature_method: method } = row.oauth;
    const hash = { "HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256", "HMAC-SHA512": "sha512" }[method];
    if (!hash && method !== "PLAINTEXT") throw new NotAsked(`it has no ${method} of its own`);
    const client = new OAuth({
      consumer: { key, secret: row.consumer_secret },
      signature_method: method,
      hash_function: hash && ((base, secret) => crypto.createHmac(hash, secret).update(base).digest("base64")),
    });
    return client.getSignature({ method: row.method, url: row.url, data: readForm(row) }, row.token_secret, row.oauth);
  },
  oauth: ({ OAuth }) => (row) => {
    const { oauth_consumer_key: key, oauth_signature_method: method, oauth_version: version } = row.oauth;
    if (!["HMAC-SHA1", "RSA-SHA1", "PLAINTEXT"].includes(method)) throw new NotAsked(`it has no ${method}`);
    const secret = method === "RSA-SHA1" ? readKey(row) : row.consumer_secret;
    const client = new OAuth("", "", key, secret, version ?? "1.0", null, method);
    client._getNonce = () => row.oauth.oauth_nonce;
    client._getTimestamp = () => row.oauth.oauth_timestamp;
    const own = ["consumer_key", "token", "signature_method", "timestamp", "nonce", "version"].map((n) => `oauth_${n}`);
    const others = Object.fromEntries(Object.entries(row.oauth).filter(([name]) => !own.includes(name)));
    const { oauth_token: token } = row.oauth;
    const pairs = client._prepareParameters(token, row.token_secret, row.method, row.url, { ...readForm(row), ...others });
    const sent = pairs.filter(([name]) => name.startsWith("oauth_") && name !== "oauth_signature").map(([name]) => name);
    if (sent.sort().join() !== Object.keys(row.oauth).sort().join()) throw new NotAsked("it sends other protocol parameters");
    return pairs.find(([name]) => name === "oauth_signature")[1];
  },
};

function judge(sign, { row, wrongs }) {
  let made;
  try {
    made = sign(structuredClone(row)); // some write into what they are handed
  } catch (error) {
    if (error instanceof NotAsked) return ["not asked", error.message];
    return ["wrong", `raises ${error.name}: ${error.message.split(/\s+/).join(" ").slice(0, 80)}`];
  }
  if (made === row.signature) return ["right", ""];
  const fault = wrongs.get(made);
  return ["wrong", fault ? `${fault.causes.join(" or ")}, as in '${fault.name}'` : "another signature"];
}

const cases = readCases();
console.log(`Node.js ${process.versions.node}, ${cases.length} requests`);
for (const [name, make] of Object.entries(LIBRARIES)) {
  let library, version;
  try {
    library = require(name);
    version = require(`${name}/package.json`).version;
  } catch {
    continue; // it is not installed
  }
  const results = cases.map((one) => [one.row.name, ...judge(make(library), one)]);
  const count = (kind) => `${results.filter(([, result]) => result === kind).length} ${kind}`;
  console.log(`${name} ${version}: ${["right", "wrong", "not asked"].map(count).join(", ")}`);
  for (const [what, result, why] of results) if (result !== "right") console.log(`    ${result}: ${what}: ${why}`);
}
