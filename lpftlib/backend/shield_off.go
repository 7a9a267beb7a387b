//go:build cgo && !unix

package backend

// shielded runs work: no signal interrupts a thread on this system.
func shielded(work func()) { work() }
