package command

import "errors"

// Exit statuses that a scheduler can tell apart; everything else that goes wrong is 1. They are those of sysexits.h.
const (
	exitNeeds   = 69 // EX_UNAVAILABLE: another job must be done first
	exitStopped = 75 // EX_TEMPFAIL: stopped by a signal, its state is kept: start it again
	exitRequest = 78 // EX_CONFIG: what is asked for cannot be planned here: starting it again changes nothing
)

// exitError is an error with an exit status of its own.
type exitError struct {
	error
	status int
}

func (e exitError) Unwrap() error { return e.error }

// exitStatus is the status that the program ends with after err.
func exitStatus(err error) int {
	var e exitError
	if errors.As(err, &e) {
		return e.status
	}
	return 1
}
