// Sign the vectors with Go's OAuth 1.0a libraries, and say what each gets wrong: go run vectors/run.go
//
// It needs a module with github.com/dghubble/oauth1 and github.com/mrjones/oauth. Neither takes a nonce and a timestamp
// from outside, so what is expected is made of the base string in the file, with those that were sent in it. A wrong
// signature that one of the faults makes of the same request is called by its cause. See run.py.
package main

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"

	dghubble "github.com/dghubble/oauth1"
	mrjones "github.com/mrjones/oauth"
)

type row struct {
	Name           string            `json:"name"`
	Causes         []string          `json:"causes"`
	Method         string            `json:"method"`
	URL            string            `json:"url"`
	Headers        map[string]string `json:"headers"`
	Body           *string           `json:"body"`
	BodyBase64     string            `json:"body_base64"`
	OAuth          map[string]string `json:"oauth"`
	ConsumerSecret string            `json:"consumer_secret"`
	TokenSecret    string            `json:"token_secret"`
	BaseString     string            `json:"base_string"`
	Signature      *string           `json:"signature"`
	Wrong          *struct {
		BaseString string `json:"base_string"`
		Signature  string `json:"signature"`
	} `json:"wrong"`
}

type testCase struct {
	row    row
	faults []row
}

var errNotAsked = errors.New("not asked")

func notAsked(why string) error { return fmt.Errorf("%w: %s", errNotAsked, why) }

func readCases(vectors map[string][]row) []*testCase {
	found := map[string]*testCase{}
	var cases []*testCase
	for _, each := range append(vectors["requests"], vectors["faults"]...) {
		if each.Signature == nil {
			continue
		}
		same, _ := json.Marshal([]any{each.Method, each.URL, each.Headers, each.Body, each.BodyBase64, each.OAuth,
			each.ConsumerSecret, each.TokenSecret})
		if found[string(same)] == nil {
			found[string(same)] = &testCase{row: each}
			cases = append(cases, found[string(same)])
		}
		if each.Wrong != nil {
			found[string(same)].faults = append(found[string(same)].faults, each)
		}
	}
	return cases
}

// recorder keeps the header of the request that a library would send.
type recorder struct{ header string }

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	r.header = request.Header.Get("Authorization")
	return &http.Response{StatusCode: 200, Body: http.NoBody, Request: request}, nil
}

var libraries = []struct {
	name   string
	client func(row, *recorder) (*http.Client, error)
}{
	{"github.com/dghubble/oauth1", func(one row, base *recorder) (*http.Client, error) {
		ctx := context.WithValue(context.Background(), dghubble.HTTPClient, &http.Client{Transport: base})
		config := dghubble.NewConfig(one.OAuth["oauth_consumer_key"], one.ConsumerSecret)
		return dghubble.NewClient(ctx, config, dghubble.NewToken(one.OAuth["oauth_token"], one.TokenSecret)), nil
	}},
	{"github.com/mrjones/oauth", func(one row, base *recorder) (*http.Client, error) {
		consumer := mrjones.NewCustomConsumer(one.OAuth["oauth_consumer_key"], one.ConsumerSecret, crypto.SHA1,
			mrjones.ServiceProvider{}, &http.Client{Transport: base})
		return consumer.MakeHttpClient(&mrjones.AccessToken{Token: one.OAuth["oauth_token"], Secret: one.TokenSecret})
	}},
}

var readPair = regexp.MustCompile(`(\w+)="([^"]*)"`)

// send signs a request with a library, and returns the protocol parameters that it would send.
func send(one row, make func(row, *recorder) (*http.Client, error)) (sent map[string]string, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("panics: %v", panicked)
		}
	}()
	body := ""
	if one.Body != nil {
		body = *one.Body
	} else if decoded, _ := base64.StdEncoding.DecodeString(one.BodyBase64); len(decoded) > 0 {
		body = string(decoded)
	}
	request, err := http.NewRequest(one.Method, one.URL, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range one.Headers {
		request.Header.Set(name, value)
		if name == "Host" {
			request.Host = value
		}
	}
	base := &recorder{}
	client, err := make(one, base)
	if err != nil {
		return nil, err
	}
	if _, err = client.Do(request); err != nil {
		return nil, err
	}
	sent = map[string]string{}
	for _, pair := range readPair.FindAllStringSubmatch(base.header, -1) {
		value, _ := url.PathUnescape(pair[2])
		sent[pair[1]] = value
	}
	return sent, nil
}

func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// expect returns the signature of a base string with the nonce and the timestamp that were sent.
func expect(one row, base string, sent map[string]string, key string) string {
	for _, name := range []string{"oauth_nonce", "oauth_timestamp"} {
		old, new := escape(escape(one.OAuth[name])), escape(escape(sent[name]))
		base = strings.Replace(base, name+"%3D"+old, name+"%3D"+new, 1)
	}
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func names(parameters map[string]string) string {
	var found []string
	for name := range parameters {
		found = append(found, name)
	}
	sort.Strings(found)
	return strings.Join(found, " ")
}

func judge(one *testCase, make func(row, *recorder) (*http.Client, error)) (string, string) {
	if method := one.row.OAuth["oauth_signature_method"]; method != "HMAC-SHA1" {
		return "not asked", "only HMAC-SHA1 is run here"
	}
	sent, err := send(one.row, make)
	if err != nil {
		return "wrong", strings.Join(strings.Fields(err.Error()), " ")
	}
	made := sent["oauth_signature"]
	delete(sent, "oauth_signature")
	if names(sent) != names(one.row.OAuth) {
		return "not asked", "it sends other protocol parameters"
	}
	key := escape(one.row.ConsumerSecret) + "&" + escape(one.row.TokenSecret)
	if made == expect(one.row, one.row.BaseString, sent, key) {
		return "right", ""
	}
	if made == expect(one.row, one.row.BaseString, sent, one.row.ConsumerSecret+"&"+one.row.TokenSecret) {
		return "wrong", "signing-key-encoding, as in 'the signing key without percent-encoding'"
	}
	for _, fault := range one.faults {
		if made == expect(one.row, fault.Wrong.BaseString, sent, key) {
			return "wrong", fmt.Sprintf("%s, as in '%s'", strings.Join(fault.Causes, " or "), fault.Name)
		}
	}
	return "wrong", "another signature"
}

func main() {
	_, place, _, _ := runtime.Caller(0)
	content, err := os.ReadFile(filepath.Join(filepath.Dir(place), "oauth1.json"))
	if err != nil {
		panic(err)
	}
	var parts map[string]json.RawMessage
	vectors := map[string][]row{"requests": nil, "faults": nil}
	if err := json.Unmarshal(content, &parts); err != nil {
		panic(err)
	}
	for part := range vectors {
		var rows []row
		if err := json.Unmarshal(parts[part], &rows); err != nil {
			panic(err)
		}
		vectors[part] = rows
	}
	cases := readCases(vectors)
	fmt.Printf("Go %s, %d requests\n", strings.TrimPrefix(runtime.Version(), "go"), len(cases))
	versions := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			versions[module.Path] = module.Version
		}
	}
	for _, library := range libraries {
		count := map[string]int{}
		var lines []string
		for _, one := range cases {
			result, why := judge(one, library.client)
			count[result]++
			if result != "right" {
				lines = append(lines, fmt.Sprintf("    %s: %s: %s", result, one.row.Name, why))
			}
		}
		fmt.Printf("%s %s: %d right, %d wrong, %d not asked\n", library.name, versions[library.name],
			count["right"], count["wrong"], count["not asked"])
		fmt.Println(strings.Join(lines, "\n"))
	}
}
