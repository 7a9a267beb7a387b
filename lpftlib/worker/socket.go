package worker

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
)

// Folder is where a resident worker keeps its socket, its lock and its log: below home, the user's alone.
func Folder(home string) string { return filepath.Join(home, "worker") }

// Socket is a resident worker's address.
func Socket(home string) string { return filepath.Join(Folder(home), "socket") }

// longest is how long a socket's path may be: its address has 104 bytes on some systems.
const longest = 100

// withShortName calls fn with a name of the path that is short enough for an address, as a path below an open folder has one
// on Linux.
func withShortName[T any](path string, fn func(name string) (T, error)) (out T, err error) {
	if len(path) <= longest {
		return fn(path)
	}
	if runtime.GOOS != "linux" {
		return out, fmt.Errorf("the path %s is longer than a socket's may be: set LPFT_HOME to a shorter one", path)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return out, err
	}
	defer dir.Close()
	return fn(fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)))
}

// Listen makes a socket that this user alone can reach, in a folder of this user's alone.
func Listen(path string) (net.Listener, error) {
	if err := ownFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) { // of a worker that was killed
		return nil, err
	}
	return withShortName(path, func(name string) (net.Listener, error) {
		l, err := net.Listen("unix", name)
		if err != nil {
			return nil, fmt.Errorf("socket of the worker: %w", err)
		}
		l.(*net.UnixListener).SetUnlinkOnClose(false) // by then the path may be another's
		if err := os.Chmod(path, 0o600); err != nil {
			l.Close()
			return nil, fmt.Errorf("socket of the worker: %w", err)
		}
		return l, nil
	})
}

// ownFolder makes a folder that this user alone can enter, or makes it so.
func ownFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("folder of the worker: %w; name another in LPFT_HOME", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("folder of the worker: %w: it must be yours alone; name another in LPFT_HOME", err)
	}
	return nil
}

// Dial connects to the worker at a socket, if that is this user's.
func Dial(path string) (net.Conn, error) {
	conn, err := withShortName(path, func(name string) (net.Conn, error) { return net.Dial("unix", name) })
	if err != nil {
		return nil, err
	}
	if err := CheckPeer(conn); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// CheckPeer refuses a connection with another user's process, where the system says whose it is.
func CheckPeer(conn net.Conn) error {
	uid, known, err := peer(conn)
	if err != nil {
		return fmt.Errorf("who is at the other end of the worker's socket: %w", err)
	}
	if known && uid != os.Getuid() {
		return fmt.Errorf("the other end of the worker's socket belongs to user %d, this is user %d: a worker serves its own user alone", uid, os.Getuid())
	}
	return nil
}
