package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// slowest is the rate in bytes a second below which a transfer counts as standing still: a server that sends a byte now
// and then would hold its caller for ever.
const slowest = 1 << 10

// Limits say what a body may be.
type Limits struct {
	Size  int64         // its exact size in bytes; negative: not known
	Max   int64         // the most it may have
	Stall time.Duration // over which it must come at 1 KiB a second at least
}

// errStall is the reason of a transfer that was given up.
var errStall = errors.New("stalled")

// Copy copies body to out and tells grown, now and then, how many bytes there are. A body that is longer or shorter than
// the limits say, or too slow, is an error.
func Copy(ctx context.Context, out io.Writer, body io.ReadCloser, limits Limits, grown func(int64)) error {
	most := limits.Max
	if limits.Size >= 0 {
		if most = limits.Size; limits.Size > limits.Max {
			return fmt.Errorf("%d bytes are stated: at most %d are expected", limits.Size, limits.Max)
		}
	}
	counted := &counter{from: body}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { body.Close() }) // which ends a read that waits
	defer stop()
	go counted.watch(ctx, limits.Stall, grown, func() {
		cancel(fmt.Errorf("%w: less than %d bytes a second came within %v", errStall, slowest, limits.Stall))
	})
	n, err := io.Copy(out, io.LimitReader(counted, most+1))
	switch {
	case err != nil && context.Cause(ctx) != nil:
		return context.Cause(ctx)
	case err != nil:
		return err
	case n > most:
		return fmt.Errorf("the body goes on after %d bytes: no more are expected", most)
	case limits.Size >= 0 && n != limits.Size:
		return fmt.Errorf("the body ends after %d of %d bytes", n, limits.Size)
	}
	grown(n)
	return nil
}

// counter counts the bytes that pass.
type counter struct {
	from io.Reader
	n    atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// watch calls slow when too few bytes came within stall.
func (c *counter) watch(ctx context.Context, stall time.Duration, grown func(int64), slow func()) {
	tick := time.NewTicker(min(stall, time.Second) / 2)
	defer tick.Stop()
	mark, since := int64(0), time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		n := c.n.Load()
		grown(n)
		if time.Since(since) < stall {
			continue
		}
		if float64(n-mark) < slowest*stall.Seconds() {
			slow()
			return
		}
		mark, since = n, time.Now()
	}
}
