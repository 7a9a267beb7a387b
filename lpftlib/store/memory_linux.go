package store

import (
	"bytes"
	"fmt"
	"os"
)

// peakMemory is the process's largest resident set in bytes (VmHWM), 0 if it is not known.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, ok := bytes.Cut(status, []byte("VmHWM:"))
	if !ok {
		return 0
	}
	var kib int64
	if _, err := fmt.Sscan(string(rest[:min(len(rest), 64)]), &kib); err != nil {
		return 0
	}
	return kib << 10
}
