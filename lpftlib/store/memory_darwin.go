package store

import "syscall"

// peakMemory is the process's largest resident set in bytes, 0 if it is not known.
func peakMemory() int64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return usage.Maxrss // bytes on this system
}
