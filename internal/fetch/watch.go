package fetch

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"
)

// Watch runs work, which downloads into dir, and stops it when dir has grown by less than 1 KiB a second for stall.
// It tells grown how many bytes were added, about twice a second and once more at the end.
func Watch(ctx context.Context, dir string, stall time.Duration, grown func(int64), work func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan error, 1)
	start := FolderSize(dir)
	go func() { done <- work(ctx) }()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	last, mark, since := start, start, time.Now()
	tell := func() int64 {
		size := FolderSize(dir)
		if size != last {
			last = size
			grown(size - start)
		}
		return size
	}
	for {
		select {
		case err := <-done:
			if cause := context.Cause(ctx); err != nil && cause != nil {
				return cause
			}
			tell() // a quick download ends before it was ever looked at
			return err
		case <-tick.C:
		}
		size := tell()
		if time.Since(since) < stall {
			continue
		}
		if change := float64(size - mark); change >= 0 && change < slowest*stall.Seconds() { // a shrinking folder is being unpacked
			cancel(fmt.Errorf("%w: %.0f bytes came within %v", errStall, change, stall))
			continue
		}
		mark, since = size, time.Now()
	}
}

// FolderSize sums the files below dir, in bytes; 0 when there is none.
func FolderSize(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil
	})
	return size
}
