package server

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"lpft/lpftlib/worker"
)

// asOther, in the environment, makes the test program connect to a socket, as another user.
const asOther = "LPFT_TEST_CONNECT"

func TestMain(m *testing.M) {
	if socket := os.Getenv(asOther); socket != "" {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			os.Exit(3)
		}
		said, _ := io.ReadAll(conn)
		os.Stdout.Write(said)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Another user is refused by the folder, and where he could reach the socket, by the worker.
func TestOtherUsersAreRefused(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("not root: nobody else can be impersonated")
	}
	dir, err := os.MkdirTemp("/tmp", "lpft-uid-")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	require.NoError(t, os.Chmod(dir, 0o755))
	program := filepath.Join(dir, "test")
	self, err := os.ReadFile("/proc/self/exe")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(program, self, 0o755))
	socket := filepath.Join(dir, "worker", "socket")
	l, err := worker.Listen(socket)
	require.NoError(t, err)
	s := New(Options{Verbs: map[string]Handler{}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _ = s.Serve(ctx, l) }()
	connect := func() ([]byte, error) {
		cmd := exec.Command(program, "-test.run=^$")
		cmd.Env = []string{asOther + "=" + socket}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		return cmd.Output()
	}
	_, err = connect()
	require.EqualError(t, err, "exit status 3", "the folder is closed")
	require.NoError(t, os.Chmod(filepath.Dir(socket), 0o755))
	require.NoError(t, os.Chmod(socket, 0o666))
	said, err := connect()
	require.NoError(t, err)
	require.Empty(t, string(said), "it is told nothing")
	conn, err := worker.Dial(socket)
	require.NoError(t, err, "the user's own is served")
	conn.Close()
}
