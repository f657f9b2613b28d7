/* Signs the requests of a folder with liboauth: see languages/__init__.py. */
#include <stddef.h>
#include <oauth.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *read_file(const char *folder, const char *name, const char *suffix) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
    FILE *file = fopen(path, "rb");
    if (!file) return strdup("");
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = calloc(size + 1, 1);
    if (fread(text, 1, size, file) != (size_t)size) exit(1);
    fclose(file);
    return text;
}

/* liboauth takes a form as it takes a query: behind the URL. */
static char *sign(const char *url, const char *method, OAuthMethod how, char **keys) {
    char **parameters = NULL;
    int count = oauth_split_url_parameters(url, &parameters);
    oauth_sign_array2_process(&count, &parameters, NULL, how, method, keys[0], keys[1], keys[2], keys[3]);
    char *header = oauth_serialize_url_sep(count, 1, parameters, ", ", 6);
    oauth_free_array(&count, &parameters);
    return header;
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    char *keys[4], *state, *line, *table = read_file(argv[1], "cases", ".tsv");
    printf("version\tliboauth %s\n", LIBOAUTH_VERSION);
    line = strtok_r(table, "\n", &state);
    for (int i = 0; i < 4; i++) keys[i] = strsep(&line, "\t");
    char *pem = read_file(argv[1], "rsa", ".pem"), *secret = keys[1];
    while ((line = strtok_r(NULL, "\n", &state))) {
        char *name = strsep(&line, "\t"), *verb = strsep(&line, "\t"), *place = strsep(&line, "\t");
        int calls = atoi(strsep(&line, "\t")), is_rsa = !strncmp(line, "RSA", 3);
        char *form = read_file(argv[1], name, ".form"), *url = malloc(strlen(place) + strlen(form) + 2);
        sprintf(url, *form ? "%s?%s" : "%s%s", place, form);
        keys[1] = is_rsa ? pem : secret;
        OAuthMethod how = is_rsa ? OA_RSA : OA_HMAC;
        char *header = sign(url, verb, how, keys);
        double best = 1e9;
        for (int turn = 0; turn < 2; turn++) {
            clock_t start = clock();
            for (int i = 0; i < calls; i++) free(sign(url, verb, how, keys));
            double each = 1e6 * (clock() - start) / CLOCKS_PER_SEC / calls;
            if (each < best) best = each;
        }
        printf("%s\t%.3f\tOAuth %s\n", name, best, header);
    }
    return 0;
}
