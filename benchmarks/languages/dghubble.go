// Signs the requests of a folder with dghubble/oauth1: see languages/__init__.py.
package main

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/dghubble/oauth1"
)

// header keeps what was signed, and sends nothing.
type header struct{ value string }

func (kept *header) RoundTrip(request *http.Request) (*http.Response, error) {
	kept.value = request.Header.Get("Authorization")
	return &http.Response{StatusCode: 200, Body: http.NoBody, Request: request}, nil
}

func microseconds() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e3
}

func read(folder, name string) string {
	text, _ := os.ReadFile(filepath.Join(folder, name))
	return string(text)
}

func main() {
	folder := os.Args[1]
	fmt.Printf("version\tdghubble/oauth1, %s\n", runtime.Version())
	lines := strings.Split(strings.TrimSpace(read(folder, "cases.tsv")), "\n")
	keys := strings.Split(lines[0], "\t")
	block, _ := pem.Decode([]byte(read(folder, "rsa.pem")))
	key, _ := x509.ParsePKCS8PrivateKey(block.Bytes)
	for _, line := range lines[1:] {
		row := strings.Split(line, "\t")
		calls, _ := strconv.Atoi(row[3])
		form := read(folder, row[0]+".form")
		config := oauth1.NewConfig(keys[0], keys[1])
		if strings.HasPrefix(row[4], "RSA") {
			config.Signer = &oauth1.RSASigner{PrivateKey: key.(*rsa.PrivateKey)}
		}
		kept := &header{}
		base := context.WithValue(context.Background(), oauth1.HTTPClient, &http.Client{Transport: kept})
		transport := oauth1.NewClient(base, config, oauth1.NewToken(keys[2], keys[3])).Transport
		requests := make([]*http.Request, calls)
		best := math.Inf(1)
		for turn := 0; turn < 3; turn++ { // the first one warms up
			for i := range requests {
				var body io.Reader
				if form != "" {
					body = strings.NewReader(form)
				}
				requests[i], _ = http.NewRequest(row[1], row[2], body)
				if form != "" {
					requests[i].Header.Set("Content-Type", "application/x-www-form-urlencoded")
				}
			}
			runtime.GC()
			start := microseconds()
			for _, request := range requests {
				transport.RoundTrip(request)
			}
			if each := (microseconds() - start) / float64(calls); turn > 0 && each < best {
				best = each
			}
		}
		fmt.Printf("%s\t%.3f\t%s\n", row[0], best, kept.value)
	}
}
