package progress

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// File is a sink that appends updates to path as JSON lines, one write each, so that several
// processes may share the file.
func File(path string) (Sink, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("progress file: %v", err)
	}
	return func(u Update) {
		line, err := json.Marshal(u)
		if err != nil {
			return // an Update always encodes; nothing to do for a watcher if it ever should not
		}
		_, _ = f.Write(append(line, '\n')) // a watcher that went away must not stop the work
	}, nil
}

// Follow reads updates that other processes append to path and passes them on until ctx ends.
func Follow(ctx context.Context, path string, sink Sink) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o644)
	if err != nil {
		return fmt.Errorf("progress file: %v", err)
	}
	defer f.Close()
	reader := bufio.NewReader(f)
	var partial []byte
	for {
		chunk, err := reader.ReadBytes('\n')
		partial = append(partial, chunk...)
		if err == nil {
			pass(partial, sink)
			partial = nil
			continue
		}
		if err != io.EOF {
			return fmt.Errorf("progress file: %v", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(interval):
		}
	}
}

// pass hands one line on; a line that is no update is skipped.
func pass(line []byte, sink Sink) {
	var u Update
	if json.Unmarshal(line, &u) == nil && u.Label != "" {
		sink(u)
	}
}
