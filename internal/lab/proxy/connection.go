package proxy

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Connection is a connection file: where a kernel listens, and with which key messages are signed.
type Connection struct {
	Transport string `json:"transport"` // "tcp" or "ipc"
	IP        string `json:"ip"`        // of ipc the path that port numbers are added to
	Shell     int    `json:"shell_port"`
	Control   int    `json:"control_port"`
	Stdin     int    `json:"stdin_port"`
	IOPub     int    `json:"iopub_port"`
	Heartbeat int    `json:"hb_port"`
	Key       string `json:"key"`
	Scheme    string `json:"signature_scheme"`
}

// ReadConnection reads the file that Jupyter starts a kernel with.
func ReadConnection(file string) (c Connection, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return c, fmt.Errorf("connection file: %w", err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("connection file %s: %w", file, err)
	}
	if c.Transport != "tcp" && c.Transport != "ipc" {
		return c, fmt.Errorf("connection file %s: transport %q, expected tcp or ipc", file, c.Transport)
	}
	if c.Key != "" && c.Scheme != "" && c.Scheme != "hmac-sha256" {
		return c, fmt.Errorf("connection file %s: signature_scheme %q, expected hmac-sha256", file, c.Scheme)
	}
	return c, nil
}

// NewConnection makes a connection of its own: Unix sockets in dir, which only its owner should be able to enter,
// and a new key. It writes the connection file there, for its owner alone, under name.
func NewConnection(dir, name string) (c Connection, file string, err error) {
	c = Connection{Transport: "ipc", IP: filepath.Join(dir, "s"), Shell: 1, Control: 2, Stdin: 3, IOPub: 4, Heartbeat: 5,
		Key: rand.Text() + rand.Text(), Scheme: "hmac-sha256"}
	file = filepath.Join(dir, name)
	return c, file, os.WriteFile(file, toJSON(c), 0o600)
}

// endpoint is a port's address for ZeroMQ.
func (c Connection) endpoint(port int) string {
	if c.Transport == "ipc" {
		return fmt.Sprintf("ipc://%s-%d", c.IP, port)
	}
	return fmt.Sprintf("tcp://%s:%d", c.IP, port)
}
