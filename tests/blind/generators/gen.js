// Faulty signers of JavaScript. Needs: npm i oauth-1.0a oauth oauth-sign ims-lti; prints the table's part as JSON.
const crypto = require('crypto')
const querystring = require('querystring')
const OAuth1a = require('oauth-1.0a')
const NodeOAuth = require('oauth').OAuth
const oauthSign = require('oauth-sign')

const KEYS = {consumer: 'xvz1evFS4wEEPTGEFPHBog', consumer_secret: 'kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw',
  token: '370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb', token_secret: 'LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE'}
const NONCE = 'kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgm', TIME = 1764400000
const strict = s => encodeURIComponent(s).replace(/[!'()*]/g, c => '%' + c.charCodeAt(0).toString(16).toUpperCase())
const byCode = (a, b) => a < b ? -1 : a > b ? 1 : 0
const cases = []

// a signer as people write it; m replaces a step
function sign(o, m = {}) {
  const keys = {...KEYS, ...o.keys}, method = o.method || 'GET', alg = o.alg || 'sha1'
  const oauth = [['oauth_consumer_key', keys.consumer], ['oauth_nonce', NONCE],
    ['oauth_signature_method', 'HMAC-' + alg.toUpperCase()], ['oauth_timestamp', String(m.time || TIME)],
    ['oauth_token', keys.token], ['oauth_version', '1.0']].concat(o.oauth || [])
  const enc = m.enc || strict, encKey = m.encKey || enc
  let pairs = (m.query || (x => x))(o.query || []).concat((m.form || (x => x))(o.form || []), (m.oauth || (x => x))(oauth))
  if (m.sortRaw) pairs = m.sortRaw(pairs.slice()).map(([k, v]) => [encKey(k), enc(v)])
  else pairs = (m.sort || (ps => ps.sort((a, b) => byCode(a[0], b[0]) || byCode(a[1], b[1]))))(pairs.map(([k, v]) => [encKey(k), enc(v)]))
  const joined = (m.join || (ps => ps.map(p => p.join('=')).join('&')))(pairs)
  const outer = m.outer || strict
  let base = [(m.method || (x => x))(method), outer((m.url || (u => u))(o.base || o.url)), outer(joined)].join('&')
  if (m.base) base = m.base(base)
  const key = (m.key || ((c, t) => strict(c) + '&' + strict(t)))(keys.consumer_secret, keys.token_secret)
  let sig = crypto.createHmac(m.alg || alg, key).update(base, m.utf || 'utf8').digest(m.digest || 'base64')
  if (m.sig) sig = m.sig(sig)
  const headers = [], wireEnc = o.wire || strict
  let url = o.url
  const wire = ps => ps.map(([k, v]) => wireEnc(k) + '=' + wireEnc(v)).join('&')
  let qs = o.rawQuery || wire((m.sentQuery || (x => x))(o.query || []))
  if (o.place === 'query') qs += (qs ? '&' : '') + oauth.concat([['oauth_signature', sig]]).map(([k, v]) => k + '=' + (m.write || strict)(v)).join('&')
  else headers.push(['Authorization', 'OAuth ' + oauth.concat([['oauth_signature', sig]]).map(([k, v]) => `${k}="${(m.write || strict)(v)}"`).join(', ')])
  if (qs) url += '?' + qs
  let body = null
  if (o.form) { body = wire(o.form); headers.push(['Content-Type', 'application/x-www-form-urlencoded;charset=UTF-8']) }
  if (o.json) { body = JSON.stringify(o.json); headers.push(['Content-Type', 'application/json']) }
  return {method, url, headers, body}
}
function fault(id, kind, what, codes, sides, o, m, more = {}) {
  cases.push({id: 'js-' + id, kind, what, codes, sides, keys: {...KEYS, ...o.keys}, request: sign(o, m), right: sign(o), ...more})
}
const U = 'https://api.example.com/1.1/statuses/update.json', S = ['signer']
for (const [n, value] of [['bang', 'Hello Ladies + Gentlemen, a signed OAuth request!'], ['quote', "it's"], ['paren', 'f(x)'], ['star', '5*5']])
  fault('euc-' + n, 'encodeURIComponent', 'encodeURIComponent for a form value with ' + value, ['percent-encoding'], S, {method: 'POST', url: U, form: [['status', value], ['include_entities', 'true']]}, {enc: encodeURIComponent})
fault('euc-query', 'encodeURIComponent', 'encodeURIComponent for a query value, SHA256', ['percent-encoding'], S, {url: U, query: [['q', "O'Neil (all)"], ['lang', 'en']], alg: 'sha256'}, {enc: encodeURIComponent})
fault('euc-key', 'encodeURIComponent', 'encodeURIComponent for a parameter name', ['percent-encoding'], S, {url: U, query: [["filter(name)", 'x']]}, {encKey: encodeURIComponent})
fault('euc-outer-url', 'outer layer: encodeURIComponent', 'encodeURIComponent on the base URL whose path has brackets', ['percent-encoding'], S, {url: "https://api.example.com/odata/Items(42)/name", query: [['v', '1']]}, {outer: encodeURIComponent})
fault('euc-outer-url2', 'outer layer: encodeURIComponent', 'encodeURIComponent on a base URL with *', ['percent-encoding'], S, {url: "https://api.example.com/files/*/list"}, {outer: encodeURIComponent})
fault('euc-both', 'encodeURIComponent', 'encodeURIComponent on all layers', ['percent-encoding'], S, {method: 'POST', url: "https://api.example.com/odata/Items(42)", form: [['t', "don't!"]]}, {enc: encodeURIComponent, outer: encodeURIComponent})
fault('encodeuri', 'encodeURI', 'encodeURI instead of encodeURIComponent for values', ['percent-encoding'], S, {url: U, query: [['callback', 'https://me.example/cb?x=1&y=2']]}, {enc: encodeURI})
fault('encodeuri-form', 'encodeURI', 'encodeURI for a form value with / and :', ['percent-encoding'], S, {method: 'POST', url: U, form: [['link', 'http://a.example/b c']]}, {enc: encodeURI})
fault('escape-u', 'escape()', 'the old escape() for text beyond Latin-1: %uXXXX', ['percent-encoding', 'charset'], S, {method: 'POST', url: U, form: [['status', 'Привет']]}, {enc: escape})
fault('escape-l1', 'escape()', 'the old escape() for é: %E9', ['charset', 'percent-encoding'], S, {method: 'POST', url: U, form: [['status', 'caf\u00e9']]}, {enc: escape})
fault('latin1-hmac', 'charset', 'the unescaped text of the base string as binary', ['charset', 'percent-encoding'], S, {method: 'POST', url: U, form: [['status', 'caf\u00e9']]}, {enc: s => /[^\x00-\x7f]/.test(s) ? s : strict(s), outer: s => s.replace(/[^A-Za-z0-9._~\u00e9-]/g, c => strict(c)), utf: 'latin1'})
fault('usp-space', 'URLSearchParams', 'URLSearchParams.toString() makes + of a space', ['plus-as-space'], S, {url: U, query: [['q', 'a b'], ['count', '5']]}, {enc: s => new URLSearchParams([['', s]]).toString().slice(1)})
fault('usp-tilde', 'URLSearchParams', 'URLSearchParams.toString() escapes ~', ['percent-encoding'], S, {url: U, query: [['path', '~me']]}, {enc: s => new URLSearchParams([['', s]]).toString().slice(1)})
fault('usp-form', 'URLSearchParams', 'URLSearchParams for a form with a space, SHA256', ['plus-as-space'], S, {method: 'POST', url: U, form: [['text', 'two words']], alg: 'sha256'}, {enc: s => new URLSearchParams([['', s]]).toString().slice(1)})
fault('locale', 'order', 'localeCompare sorts A after a', ['parameter-order'], S, {url: U, query: [['B', '1'], ['a', '2'], ['Z', '3']]}, {sort: ps => ps.sort((a, b) => a[0].localeCompare(b[0]))})
fault('unsorted', 'order', 'in the order of insertion', ['parameter-order'], S, {url: U, query: [['zebra', '1'], ['apple', '2']]}, {sort: ps => ps})
fault('sort-raw', 'order', 'sorted before encoding', ['parameter-order'], S, {url: U, query: [['a[0]', '1'], ['aB', '2']]}, {sortRaw: ps => ps.sort((a, b) => byCode(a[0], b[0]))})
fault('sort-values', 'order', 'the values of one name stay unsorted', ['parameter-order', 'duplicate-parameters'], S, {url: U, query: [['id', '9'], ['id', '10'], ['id', '2']]}, {sort: ps => ps.sort((a, b) => byCode(a[0], b[0]))})
fault('sort-joined', 'order', 'sorted as name=value strings', ['parameter-order'], S, {url: U, query: [['a', '1'], ['a1', '2'], ['a-b', '3']]}, {sort: ps => ps.map(p => p.join('=')).sort().map(t => t.split('='))})
fault('sort-numeric', 'order', 'integer-like keys of an object come first', ['parameter-order'], S, {url: U, query: [['10', 'x'], ['9', 'y'], ['q', 'z']]}, {sort: ps => Object.entries(Object.fromEntries(ps.sort((a, b) => byCode(a[0], b[0]))))})
fault('dup-object', 'duplicates', 'parameters in an object: the last of two wins', ['duplicate-parameters'], S, {url: U, query: [['tag', 'one'], ['tag', 'two']]}, {query: ps => Object.entries(Object.fromEntries(ps))})
fault('dup-comma', 'duplicates', 'an array becomes a,b in the signature and two parameters in the query', ['duplicate-parameters', 'query-changed'], S, {url: U, query: [['tag', 'one'], ['tag', 'two']]}, {query: () => [['tag', 'one,two']]})
fault('axios-params', 'query not signed', 'axios adds params after signing', ['query-changed'], S, {url: U, query: [['page', '2'], ['per_page', '50']]}, {query: () => []})
fault('base-has-query', 'URL with query', 'the whole URL with its query is the base URL', ['path', 'query-changed'], S, {url: U, query: [['page', '2']]}, {query: () => [], url: u => u + '?page=2'})
fault('base-has-query2', 'URL with query', 'query in the base URL and in the parameters', ['path', 'query-changed'], S, {url: U, query: [['page', '2']]}, {url: u => u + '?page=2'})
fault('no-amp', 'key without &', 'the key is the consumer secret alone', ['signing-key-encoding', 'token-secret', 'token-missing'], S, {url: U}, {key: c => c})
fault('amp-only', 'token secret forgotten', 'the key is consumer secret and &', ['token-secret', 'token-missing'], S, {url: U, query: [['a', 'b']]}, {key: c => c + '&'})
fault('key-raw', 'key not encoded', 'secrets with / and = go raw into the key', ['signing-key-encoding'], S, {url: U, keys: {consumer_secret: 'aZ/19+bQ==ghTz', token_secret: 'w/7pLk=+ab19'}}, {key: (c, t) => c + '&' + t})
fault('key-double', 'key encoded twice', 'the secrets are encoded twice', ['signing-key-encoding', 'double-encoding'], S, {url: U, keys: {consumer_secret: 'aZ/19+bQ==ghTz'}}, {key: (c, t) => strict(strict(c)) + '&' + strict(strict(t))})
fault('key-joined', 'key encoded twice', 'the joined key is encoded as a whole', ['signing-key-encoding'], S, {url: U}, {key: (c, t) => strict(strict(c) + '&' + strict(t))})
fault('key-b64', 'key decoded', 'the consumer secret is decoded from base64 first', ['signing-key-encoding', 'consumer-secret'], S, {url: U, keys: {consumer_secret: 'c2VjcmV0LW9mLXRoZS1hcHA='}}, {key: (c, t) => Buffer.from(c, 'base64').toString() + '&' + t})
fault('method-lower', 'method', 'the method in lower case, as axios has it', ['method'], S, {method: 'POST', url: U, form: [['a', '1']]}, {method: m => m.toLowerCase()})
fault('method-get', 'method', 'always signs GET', ['method'], S, {method: 'DELETE', url: U}, {method: () => 'GET'})
fault('port', 'port', 'url.host with :443', ['port'], S, {url: U}, {url: u => u.replace('.com', '.com:443')})
fault('port-lost', 'port', 'url.hostname drops the port 8443', ['port'], S, {url: 'https://api.example.com:8443/v1/x'}, {url: u => u.replace(':8443', '')})
fault('slash', 'path', 'a slash at the end is dropped', ['path'], S, {url: 'https://api.example.com/v1/things/'}, {url: u => u.replace(/\/$/, '')})
fault('path-only', 'base URL without host', 'req.path instead of the URL', ['host', 'scheme', 'path'], S, {url: U}, {url: u => new URL(u).pathname})
fault('alg256', 'other digest', 'computes sha256 and announces HMAC-SHA1', ['signature-method'], S, {url: U}, {alg: 'sha256'})
fault('alg1', 'other digest', 'computes sha1 and announces HMAC-SHA256', ['signature-method'], S, {url: U, alg: 'sha256'}, {alg: 'sha1'})
fault('hex', 'hex digest', 'the digest in hex instead of base64', ['signature-method'], S, {url: U}, {digest: 'hex'})
fault('sig-double', 'signature escaped twice', 'the signature is encoded and then encoded again in the header', ['double-encoding'], S, {url: U, query: [['k', '1']]}, {sig: strict})
const plus = [...Array(99).keys()].find(n => /=[^&]*\+[^&]*$/.test(sign({url: U, query: [['k', String(n)]], place: 'query'}, {write: x => x}).url))
fault('sig-raw-query', 'signature raw in query', 'the signature stands raw in the query, its + reads as space', ['percent-encoding', 'plus-as-space'], S, {url: U, query: [['k', String(plus)]], place: 'query'}, {write: x => x})
fault('double-values', 'values encoded twice', 'values are encoded before they get to the signer that encodes', ['double-encoding'], S, {url: U, query: [['q', 'fish & chips']]}, {enc: v => strict(strict(v)), encKey: strict})
fault('double-outer', 'normalized string twice', 'the normalized string is encoded twice', ['double-encoding'], S, {url: U, query: [['q', 'x']]}, {outer: v => v.startsWith('http') ? strict(v) : strict(strict(v))})
fault('outer-missing', 'outer layer missing', 'the parameters are not encoded as a whole', ['percent-encoding'], S, {url: U, query: [['q', 'x y']]}, {outer: v => v.startsWith('http') ? strict(v) : v})
fault('ms', 'timestamp in ms', 'Date.now() as timestamp', ['clock-skew'], S, {url: U}, {time: TIME * 1000}, {proof: 'clock'})
cases[cases.length - 1].right = null
fault('nfc', 'unicode form', 'macOS: signs NFD, sends NFC', ['charset'], S, {method: 'POST', url: U, form: [['name', 'Zo\u00eb']]}, {form: ps => ps.map(([k, v]) => [k, v.normalize('NFD')])})
fault('undefined', 'query not signed', 'undefined is left out of the signature and sent as undefined', ['query-changed'], S, {url: U, query: [['max_id', 'undefined'], ['count', '3']]}, {query: ps => ps.filter(([, v]) => v !== 'undefined')})
fault('empty', 'empty values', 'falsy values are left out of the signature', ['empty-value'], S, {url: U, query: [['filter', ''], ['count', '3']]}, {query: ps => ps.filter(([, v]) => v)})
fault('zero', 'query not signed', '0 is left out of the signature as falsy', ['query-changed'], S, {url: U, query: [['page', '0'], ['count', '3']]}, {query: ps => ps.filter(([, v]) => +v)})
fault('json-signed', 'JSON body signed', 'the fields of the JSON body are signed', ['body-signed'], S, {method: 'POST', url: U, json: {text: 'hello', silent: 'true'}}, {form: () => [['text', 'hello'], ['silent', 'true']]})
fault('json-signed2', 'JSON body signed', 'the JSON text is signed as one parameter', ['body-signed'], S, {method: 'PUT', url: U, json: {a: 1}}, {form: () => [['{"a":1}', '']]})
fault('form-unsigned', 'form not signed', 'the form is not signed', ['body-not-signed'], S, {method: 'POST', url: U, form: [['status', 'x'], ['trim', 'y']]}, {form: () => []})
fault('host-upper', 'host', 'the host in capitals is not made small', ['host'], S, {url: 'https://API.Example.com/1/x', base: 'https://api.example.com/1/x'}, {url: () => 'https://API.Example.com/1/x'})
fault('scheme-http', 'scheme', 'a constant base URL of http', ['scheme'], S, {url: U}, {url: u => u.replace('https', 'http')})
fault('lower-escapes', 'lower case escapes', 'escapes in lower case', ['percent-encoding'], S, {url: U, query: [['q', 'a/b']]}, {enc: s => strict(s).replace(/%../g, x => x.toLowerCase())})
fault('oauth-empty-token', 'empty oauth_token', 'an empty oauth_token is sent and not signed', ['empty-value', 'token-missing'], S, {url: U, keys: {token: '', token_secret: ''}}, {oauth: ps => ps.filter(([k]) => k !== 'oauth_token')})

// the libraries themselves
function lib1a(id, kind, what, codes, sides, wrong, right, req, rightReq, more = {}) {
  const run = (options, r) => {
    const o = OAuth1a({consumer: {key: KEYS.consumer, secret: KEYS.consumer_secret}, signature_method: 'HMAC-SHA1', hash_function: (b, k) => crypto.createHmac('sha1', k).update(b).digest('base64'), ...options})
    o.getNonce = () => NONCE; o.getTimeStamp = () => TIME
    return o.toHeader(o.authorize(r, {key: KEYS.token, secret: KEYS.token_secret})).Authorization
  }
  const build = (options, r, sent) => ({method: sent.method, url: sent.url, headers: [['Authorization', run(options, r)], ...(sent.type ? [['Content-Type', sent.type]] : [])], body: sent.body || null})
  cases.push({id: 'js-1a-' + id, kind, what, codes, sides, keys: KEYS, request: build(wrong, req, req.sent), right: build(right, rightReq || req, req.sent), ...more})
}
const F = 'application/x-www-form-urlencoded', J = 'application/json'
lib1a('json-data', 'JSON body signed', 'oauth-1.0a gets the JSON as data', ['body-signed'], S, {}, {}, {url: U, method: 'POST', data: {text: 'hi', n: 3}, sent: {url: U, method: 'POST', body: '{"text":"hi","n":3}', type: J}}, {url: U, method: 'POST'})
lib1a('no-data', 'form not signed', 'oauth-1.0a does not get the form', ['body-not-signed'], S, {}, {}, {url: U, method: 'POST', sent: {url: U, method: 'POST', body: 'status=hi%20there', type: F}}, {url: U, method: 'POST', data: {status: 'hi there'}})
lib1a('params', 'query not signed', 'oauth-1.0a gets the URL without the query', ['query-changed'], S, {}, {}, {url: U, method: 'GET', sent: {url: U + '?count=5&since=7', method: 'GET'}}, {url: U + '?count=5&since=7', method: 'GET'})
lib1a('sha256', 'other digest', 'oauth-1.0a with a hash_function of sha256 for HMAC-SHA1', ['signature-method'], S, {hash_function: (b, k) => crypto.createHmac('sha256', k).update(b).digest('base64')}, {}, {url: U, method: 'GET', sent: {url: U, method: 'GET'}})
lib1a('get-not-post', 'method', 'oauth-1.0a is told GET, fetch sends POST', ['method'], S, {}, {}, {url: U, method: 'GET', sent: {url: U, method: 'POST'}}, {url: U, method: 'POST'})
lib1a('bracket', 'brackets', 'oauth-1.0a signs a[] once for an array that is sent as a[0], a[1]', ['query-changed', 'duplicate-parameters'], S, {}, {}, {url: U, method: 'GET', data: {'ids[]': ['1', '2']}, sent: {url: U + '?ids%5B0%5D=1&ids%5B1%5D=2', method: 'GET'}}, {url: U, method: 'GET', data: {'ids[0]': '1', 'ids[1]': '2'}})
lib1a('http-url', 'scheme', 'oauth-1.0a signs http, axios goes to https', ['scheme'], S, {}, {}, {url: U.replace('https', 'http'), method: 'GET', sent: {url: U, method: 'GET'}}, {url: U, method: 'GET'})
lib1a('host', 'host', 'oauth-1.0a signs localhost, the proxy of the development server sends to the API', ['host'], ['signer', 'between', ''], {}, {}, {url: 'https://localhost/1.1/statuses/update.json', method: 'GET', sent: {url: U, method: 'GET'}}, {url: U, method: 'GET'})
lib1a('trailing', 'path', 'oauth-1.0a signs /x, the client sends /x/', ['path'], S, {}, {}, {url: 'https://api.example.com/x', method: 'GET', sent: {url: 'https://api.example.com/x/', method: 'GET'}}, {url: 'https://api.example.com/x/', method: 'GET'})
lib1a('realm-sig', 'realm signed', 'oauth-1.0a gets realm as data', ['realm'], S, {}, {}, {url: 'https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/customer/1', method: 'GET', data: {realm: '123456'}, sent: {url: 'https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/customer/1', method: 'GET'}}, {url: 'https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/customer/1', method: 'GET'}, {realm: '123456'})

function nodeOauth(id, kind, what, codes, wrong, right, sent, sides = S) {
  const run = ({method, url, params, keys}) => {
    const k = {...KEYS, ...keys}
    const o = new NodeOAuth('https://x/r', 'https://x/a', k.consumer, k.consumer_secret, '1.0', null, 'HMAC-SHA1')
    o._getNonce = () => NONCE; o._getTimestamp = () => TIME
    const ordered = o._prepareParameters(k.token, k.token_secret, method, url, params || {})
    return o._buildAuthorizationHeaders(ordered)
  }
  const build = a => ({method: sent.method, url: sent.url, headers: [['Authorization', run(a)], ...(sent.type ? [['Content-Type', sent.type]] : [])], body: sent.body || null})
  cases.push({id: 'js-oauth-' + id, kind, what, codes, sides, keys: KEYS, request: build(wrong), right: build(right)})
}
nodeOauth('other-token-secret', 'secret of another account', 'node-oauth with the token secret of another account, nothing to compare with', ['token-secret', 'consumer-secret'], {method: 'GET', url: U, keys: {token_secret: 'of-another-account-1'}}, {method: 'GET', url: U}, {method: 'GET', url: U}, [])
nodeOauth('swapped', 'secrets swapped', 'node-oauth with the two secrets swapped', ['consumer-secret', 'token-secret', 'signing-key-encoding'], {method: 'GET', url: U, keys: {consumer_secret: KEYS.token_secret, token_secret: KEYS.consumer_secret}}, {method: 'GET', url: U}, {method: 'GET', url: U})
nodeOauth('space', 'white space in secret', 'node-oauth with a secret that ends with a space', ['secret-whitespace'], {method: 'GET', url: U, keys: {consumer_secret: KEYS.consumer_secret + ' '}}, {method: 'GET', url: U}, {method: 'GET', url: U})
nodeOauth('newline', 'white space in secret', 'node-oauth with a token secret that ends with a line feed', ['secret-whitespace'], {method: 'POST', url: U, keys: {token_secret: KEYS.token_secret + '\n'}}, {method: 'POST', url: U}, {method: 'POST', url: U})
nodeOauth('form-other', 'body changed', 'node-oauth signs another text than is sent', ['body-changed', 'consumer-secret', 'token-secret'], {method: 'POST', url: U, params: {status: 'Hello'}}, {method: 'POST', url: U, params: {status: 'Hello!'}}, {method: 'POST', url: U, body: 'status=Hello%21', type: F})

// oauth-sign, as request.js used it
function viaOauthSign(id, kind, what, codes, wrong, right, sent, sides = S) {
  const build = a => {
    const params = {oauth_consumer_key: KEYS.consumer, oauth_nonce: NONCE, oauth_signature_method: 'HMAC-SHA1', oauth_timestamp: String(TIME), oauth_token: KEYS.token, oauth_version: '1.0'}
    const sig = oauthSign.hmacsign(a.method, a.url, {...params, ...a.params}, a.cs || KEYS.consumer_secret, a.ts === undefined ? KEYS.token_secret : a.ts)
    const header = Object.entries({...params, oauth_signature: sig}).map(([k, v]) => `${k}="${oauthSign.rfc3986(v)}"`).join(',')
    return {method: sent.method, url: sent.url, headers: [['Authorization', 'OAuth ' + header], ...(sent.type ? [['Content-Type', sent.type]] : [])], body: sent.body || null}
  }
  cases.push({id: 'js-osign-' + id, kind, what, codes, sides, keys: KEYS, request: build(wrong), right: build(right)})
}
viaOauthSign('multipart', 'multipart signed', 'the fields of a multipart upload are signed', ['body-signed'], {method: 'POST', url: U, params: {title: 'photo'}}, {method: 'POST', url: U}, {method: 'POST', url: U, body: '--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nphoto\r\n--b--\r\n', type: 'multipart/form-data; boundary=b'})
viaOauthSign('no-ts', 'token secret forgotten', 'the token secret is undefined and becomes empty', ['token-secret', 'token-missing'], {method: 'GET', url: U, ts: ''}, {method: 'GET', url: U}, {method: 'GET', url: U})
viaOauthSign('undefined-ts', 'token secret forgotten', 'the token secret is the word undefined', ['token-secret'], {method: 'GET', url: U, ts: 'undefined'}, {method: 'GET', url: U}, {method: 'GET', url: U})
viaOauthSign('fragment', 'fragment', 'the fragment stays in the base URL', ['path'], {method: 'GET', url: U + '#top'}, {method: 'GET', url: U}, {method: 'GET', url: U + '#top'})
viaOauthSign('number', 'query changed', 'a number is rounded on its way into the query', ['query-changed', 'consumer-secret', 'token-secret'], {method: 'GET', url: U, params: {max_id: '1234567890123456789'}}, {method: 'GET', url: U, params: {max_id: '1234567890123456800'}}, {method: 'GET', url: U + '?max_id=1234567890123456800'})
console.log(JSON.stringify(cases, null, 1))
