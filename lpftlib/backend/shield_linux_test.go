//go:build cgo

package backend

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"
)

// XLA's threads are out of the reach of signals (see shielded): unshielded, this product corrupts memory, and the process
// ends by SIGABRT. The process is this test, run again.
func TestSignalsDoNotReachXLA(t *testing.T) {
	if os.Getenv("LPFT_TEST_SIGNALS") != "" {
		computeUnderSignals(t)
		return
	}
	xlaCPU(t)
	require.Contains(t, again(t, "TestSignalsDoNotReachXLA", "LPFT_TEST_SIGNALS=1"), "all results are the same")
}

func computeUnderSignals(t *testing.T) {
	b, err := Open("xla:cpu")
	require.NoError(t, err)
	exec, err := graph.NewExec(b.Backend, func(x *graph.Node) *graph.Node {
		return graph.ReduceAllSum(graph.MatMul(graph.Transpose(x, 0, 1), x))
	})
	require.NoError(t, err)
	x := make([]float32, 1024*384)
	for i := range x {
		x[i] = float32(i%23-11) / 100
	}
	placed := tensors.FromFlatDataAndDimensions(x, 1024, 384)
	compute := func() float32 {
		out, err := b.Run(exec, []any{placed})
		require.NoError(t, err)
		return tensors.ToScalar[float32](out[0])
	}
	want, sent := compute(), 0
	for start := time.Now(); time.Since(start) < 2*time.Second; {
		stop := make(chan struct{})
		done := make(chan int)
		go func() { done <- signalThreads(stop) }()
		for range 20 {
			require.Equal(t, want, compute())
		}
		close(stop)
		sent += <-done
	}
	require.Greater(t, sent, 100)
	fmt.Println("all results are the same")
}

// signalThreads sends a signal that does nothing to every thread of this process, until it is stopped.
func signalThreads(stop chan struct{}) (sent int) {
	for {
		threads, _ := os.ReadDir("/proc/self/task")
		for _, thread := range threads {
			id, _ := strconv.Atoi(thread.Name())
			if _, _, failed := syscall.Syscall(syscall.SYS_TGKILL, uintptr(os.Getpid()), uintptr(id), uintptr(syscall.SIGURG)); failed == 0 {
				sent++
			}
		}
		select {
		case <-stop:
			return sent
		case <-time.After(time.Millisecond):
		}
	}
}
