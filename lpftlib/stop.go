package lpftlib

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// lastWords is how long a cell goes on after Stop: what waits for the worker ends by itself, with a word of where it was.
const lastWords = 450 * time.Millisecond

// stopping is a cell's context. Stop ends it, which cancels what the worker computes for the cell, and soon after ends
// the program, whatever that does; a second Stop ends it at once.
func stopping() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		stop()
		time.Sleep(lastWords)
		os.Exit(1)
	})
	return ctx
}
