package store

import (
	"context"
	"fmt"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func init() { roles["full"] = full }

// full wants an artefact that is larger than a file may become: the write fails as on a full
// disk.
func full(s *Store) error {
	signal.Ignore(syscall.SIGXFSZ) // then the write returns EFBIG
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 16, Max: 1 << 16}); err != nil {
		return err
	}
	_, err := s.Do(context.Background(), step(1), func(_ context.Context, w *Work) error {
		return w.WriteNpy("phi.npy", []int{1 << 16}, make([]float32, 1<<16))
	})
	fmt.Println(err)
	_, ok, err := s.Lookup(step(1))
	fmt.Println(ok, err)
	return nil
}

func TestFullDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	out, err := command(t, "full", dir).Output()
	require.NoError(t, err)
	require.Regexp(t, `^store: LP cb, seed 1 \(probe [0-9a-f]{16}\): .*phi.npy: write .*: file too large\nfalse <nil>\n$`, string(out))
	isEmpty(t, filepath.Join(dir, stagingDir))
}
