/* Faulty uses of liboauth. Prints the table's part as JSON: gcc gen.c -loauth -o gen && ./gen */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <oauth.h>

#define CK "c-app-77aa01"
#define CS "Lx4Pq9Vb2Nm7Kd1F"
#define TK "c-tok-e19b"
#define TS "Wy6Hs3Gj8Tz0Rc5U"
static int count = 0;

static void quoted(const char *s) {
  putchar('"');
  for (; *s; s++) { if (*s == '"' || *s == '\\') putchar('\\'); if ((unsigned char)*s < 32) printf("\\u%04x", *s); else putchar(*s); }
  putchar('"');
}
/* signs as liboauth does, with NONCE and time fixed by giving them as parameters */
static char *header(const char *url, const char *method, const char *cs, const char *ts, OAuthMethod how) {
  char full[2048], *post = NULL, *got;
  snprintf(full, sizeof full, "%s%coauth_nonce=c4nonce&oauth_timestamp=1764400000", url, strchr(url, '?') ? '&' : '?');
  int argc; char **argv = NULL;
  argc = oauth_split_url_parameters(full, &argv);
  oauth_sign_array2_process(&argc, &argv, NULL, how, method, CK, cs, TK, ts);
  got = oauth_serialize_url_sep(argc, 1, argv, ", ", 6);
  (void)post;
  char *line = malloc(strlen(got) + 16);
  sprintf(line, "OAuth %s", got);
  return line;
}
static void request(const char *url, const char *method, const char *auth, const char *type, const char *body) {
  printf("{\"method\": \"%s\", \"url\": ", method); quoted(url); printf(", \"headers\": [[\"Authorization\", "); quoted(auth); putchar(']');
  if (type) { printf(", [\"Content-Type\", "); quoted(type); putchar(']'); }
  printf("], \"body\": "); if (body) quoted(body); else printf("null"); putchar('}');
}
static void fault(const char *id, const char *kind, const char *what, const char *codes, const char *sent, const char *method, const char *type, const char *body, const char *wrong, const char *right) {
  printf("%s{\"id\": \"c-%s\", \"kind\": \"%s\", \"what\": \"%s\", \"codes\": [%s], \"sides\": [\"signer\", \"\"], \"keys\": {\"consumer\": \"" CK "\", \"consumer_secret\": \"" CS "\", \"token\": \"" TK "\", \"token_secret\": \"" TS "\"}, \"request\": ", count++ ? ",\n" : "[\n", id, kind, what, codes);
  request(sent, method, wrong, type, body); printf(", \"right\": "); request(sent, method, right, type, body); printf("}");
}
int main(void) {
  const char *U = "http://api.example.com/photos", *F = "application/x-www-form-urlencoded";
#define G(u, m) header(u, m, CS, TS, OA_HMAC)
  fault("query", "query not signed", "liboauth signs the URL before the query is there", "\"query-changed\"", "http://api.example.com/photos?size=original", "GET", NULL, NULL, G(U, "GET"), G("http://api.example.com/photos?size=original", "GET"));
  fault("method", "method", "liboauth signs GET by default, POST is sent", "\"method\"", U, "POST", NULL, NULL, G(U, "GET"), G(U, "POST"));
  fault("form", "form not signed", "liboauth does not see the post arguments", "\"body-not-signed\"", U, "POST", F, "file=vacation.jpg", G(U, "POST"), G("http://api.example.com/photos?file=vacation.jpg", "POST"));
  fault("secret", "secret of another account", "liboauth with another token secret", "\"token-secret\", \"consumer-secret\"", U, "GET", NULL, NULL, header(U, "GET", CS, "ofAnotherAccount", OA_HMAC), G(U, "GET"));
  fault("fgets", "white space in secret", "fgets leaves the line feed on the token secret", "\"secret-whitespace\"", U, "GET", NULL, NULL, header(U, "GET", CS, TS "\n", OA_HMAC), G(U, "GET"));
  fault("scheme", "scheme", "liboauth signs http, curl goes to https", "\"scheme\"", "https://api.example.com/photos", "GET", NULL, NULL, G(U, "GET"), G("https://api.example.com/photos", "GET"));
  fault("port", "port", "liboauth signs port 8081", "\"port\", \"consumer-secret\", \"token-secret\"", U, "GET", NULL, NULL, G("http://api.example.com:8081/photos", "GET"), G(U, "GET"));
  fault("json", "JSON body signed", "liboauth signs fields that are sent as JSON", "\"body-signed\"", U, "POST", "application/json", "{\"file\": \"vacation.jpg\"}", G("http://api.example.com/photos?file=vacation.jpg", "POST"), G(U, "POST"));
  puts("\n]");
  return 0;
}
