package fetch

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// getStall is how long a server may say nothing.
const getStall = 20 * time.Second

// client gives up an address that does not answer within seconds.
var client = &http.Client{Transport: &http.Transport{
	Proxy:                 http.ProxyFromEnvironment,
	DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
	TLSHandshakeTimeout:   10 * time.Second,
	ResponseHeaderTimeout: getStall,
}}

// getMost is the most that a file may have, in bytes: above any plugin's archive.
const getMost = 8 << 30

// Get fetches url into file, which must have the digest (SHA-256), and tells grown how many
// bytes there are.
func Get(ctx context.Context, url, digest, file string, grown func(int64)) error {
	body, err := Open(ctx, url)
	if err != nil {
		return err
	}
	defer body.Close()
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	err = Copy(ctx, out, body, Limits{Size: -1, Max: getMost, Stall: getStall}, grown)
	if closed := out.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return CheckDigest(file, digest)
}

// Open asks for url and returns what the server sends. A body is to be read through [Copy] or a limit.
func Open(ctx context.Context, url string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		return nil, fmt.Errorf("%s answers %s", url, answer.Status)
	}
	return answer.Body, nil
}
