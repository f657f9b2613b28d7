// Signs the requests of a folder with a library of npm, oauth-1.0a or oauth: see languages/__init__.py.
const crypto = require("crypto");
const fs = require("fs");
const path = require("path");
const querystring = require("querystring");

const [library, folder] = process.argv.slice(2);
const [first, ...rows] = fs.readFileSync(path.join(folder, "cases.tsv"), "utf8").trim().split("\n");
const [consumerKey, consumerSecret, tokenKey, tokenSecret] = first.split("\t");
const pem = fs.readFileSync(path.join(folder, "rsa.pem"), "utf8");
const manifest = require(library + "/package.json");

function hash(method) {
  return method.startsWith("RSA")
    ? (text) => crypto.createSign("RSA-SHA256").update(text).sign(pem, "base64")
    : (text, key) => crypto.createHmac("sha1", key).update(text).digest("base64");
}

// Each returns a function that signs one request once, and returns the header.
const makers = {
  "oauth-1.0a": (method, url, form, signature) => {
    const OAuth = require("oauth-1.0a");
    const oauth = OAuth({
      consumer: { key: consumerKey, secret: consumerSecret },
      signature_method: signature,
      hash_function: hash(signature),
    });
    const token = { key: tokenKey, secret: tokenSecret };
    const data = form ? { ...querystring.parse(form) } : undefined;
    return () => oauth.toHeader(oauth.authorize({ url, method, data }, token)).Authorization;
  },
  oauth: (method, url, form, signature) => {
    const { OAuth } = require("oauth");
    const isRSA = signature.startsWith("RSA");
    const secret = isRSA ? pem : consumerSecret;
    const oauth = new OAuth(null, null, consumerKey, secret, "1.0", null, isRSA ? "RSA-SHA1" : signature);
    if (!form) return () => oauth.authHeader(url, tokenKey, tokenSecret, method);
    const data = { ...querystring.parse(form) };
    return () => oauth._buildAuthorizationHeaders(
      oauth._prepareParameters(tokenKey, tokenSecret, method, url, data));
  },
};

console.log(`version\t${library} ${manifest.version}, Node ${process.version}`);
for (const row of rows) {
  const [name, method, url, calls, signature] = row.split("\t");
  const file = path.join(folder, name + ".form");
  const sign = makers[library](method, url, fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "", signature);
  const header = sign();
  let best = Infinity;
  for (let turn = 0; turn < 3; turn++) { // the first one warms up
    const start = process.cpuUsage();
    for (let i = 0; i < calls; i++) sign();
    const { user, system } = process.cpuUsage(start);
    if (turn) best = Math.min(best, (user + system) / calls);
  }
  console.log(`${name}\t${best.toFixed(3)}\t${header}`);
}
