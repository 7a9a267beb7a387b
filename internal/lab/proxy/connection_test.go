package proxy

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadConnection(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kernel.json")
	for text, want := range map[string]string{
		`{"transport":"tcp","ip":"127.0.0.1","shell_port":5,"key":"k","signature_scheme":"hmac-sha256"}`: "",
		`{"transport":"tcp","ip":"127.0.0.1","key":""}`:                                                  "",
		`{"transport":"udp"}`: `transport "udp", expected tcp or ipc`,
		`{"transport":"tcp","key":"k","signature_scheme":"hmac-md5"}`: `signature_scheme "hmac-md5", expected hmac-sha256`,
		`nothing`: "connection file " + file,
	} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		c, err := ReadConnection(file)
		if want != "" {
			require.ErrorContains(t, err, want)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, "127.0.0.1", c.IP)
	}
	_, err := ReadConnection(file + ".none")
	require.ErrorContains(t, err, "connection file: ")
	require.Equal(t, "tcp://127.0.0.1:7", Connection{Transport: "tcp", IP: "127.0.0.1"}.endpoint(7))
}
