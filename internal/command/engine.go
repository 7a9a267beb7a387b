package command

import (
	"context"
	"os"

	"lpft/internal/huggingface"
	"lpft/lpftlib/backend"
	"lpft/lpftlib/progress"
	"lpft/lpftlib/progress/terminal"
)

// openEngine opens the engine of a command that computes. Where XLA's plugin for the processor is wanted and not
// there, it is fetched first.
func openEngine(ctx context.Context) func(spec string) (*backend.Backend, error) {
	return func(spec string) (*backend.Backend, error) {
		return backend.OpenFetching(ctx, spec, backend.FetchOptions{
			Offline: huggingface.Offline() != "", Python: os.Getenv("LPFT_PYTHON"), Progress: downloads(),
		})
	}
}

// sayEngine opens the engine and says which it is.
func sayEngine(ctx context.Context, spec string) (*backend.Backend, error) {
	be, err := openEngine(ctx)(spec)
	if err != nil {
		return nil, err
	}
	say(be.Why)
	return be, nil
}

// downloads shows how the download of each file goes.
func downloads() func(what string, bytes, total int64) {
	sink := terminal.Sink(os.Stderr)
	var task *progress.Task
	last := ""
	return func(what string, bytes, total int64) {
		if what != last {
			last = what
			task = progress.Start(sink, "fetching "+what, int(total>>20), "MB")
		}
		task.Set(int(bytes>>20), "")
	}
}
