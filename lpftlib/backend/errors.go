package backend

import (
	"errors"
	"strings"
)

// Why an engine cannot be had: every error of [Open] about an engine wraps one of these.
var (
	ErrUnknown   = errors.New("no such engine or option")
	ErrNoCard    = errors.New("no NVIDIA card")
	ErrNoDevice  = errors.New("no such device")
	ErrNoPlugin  = errors.New("no PJRT plugin")
	ErrNoCgo     = errors.New("this lpft was built without cgo, which loading a plugin takes")
	ErrArch      = errors.New("built for another processor")
	ErrTruncated = errors.New("truncated")
	ErrNotPlugin = errors.New("not a PJRT plugin")
	ErrMemory    = errors.New("no free memory on the device")
	ErrDied      = errors.New("brings down the process that loads it")
	ErrHangs     = errors.New("does not answer")
)

// OutOfMemory tells whether an engine gave up for want of memory: a smaller device batch may fit.
func OutOfMemory(err error) bool {
	if err == nil {
		return false
	}
	if errors.Is(err, ErrMemory) {
		return true
	}
	text := strings.ToLower(err.Error())
	for _, sign := range []string{"resource_exhausted", "out of memory", "out_of_memory"} { // XLA, CUDA
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}
