package backend

import (
	"context"
	"fmt"
	"time"
)

// FetchOptions say how [OpenFetching] may bring the processor's plugin.
type FetchOptions struct {
	Offline  bool                                  // never ask the network
	Python   string                                // the Python whose pip fetches the wheel; "": python3
	Progress func(what string, bytes, total int64) // told how the download goes; may be nil
}

// OpenFetching is [Open] for the start of a command: where the processor's plugin is wanted and no plugin is
// there, it is fetched first, checked by digest and tried in a process of its own. Where that cannot be done
// the engine "go" goes on, and Why says the reason; but an engine that was asked for by name is an error then.
func OpenFetching(ctx context.Context, spec string, o FetchOptions) (*Backend, error) {
	return chooser{fetch: func() error { return fetchCPU(ctx, o) }}.open(spec)
}

// fetchCPU installs the processor's plugin. It does not wait long: the work can be done without.
func fetchCPU(ctx context.Context, o FetchOptions) error {
	_, missing := candidates("xla:cpu")
	switch {
	case foldersGiven():
		return missing // the user says where plugins are
	case o.Offline:
		return fmt.Errorf("%w, and offline none is fetched", ErrNoPlugin)
	}
	_, err := installed(ctx, "cpu", InstallOptions{ifMissing: true, Python: o.Python, Patience: 5 * time.Second, Progress: o.Progress})
	return err
}
