package ntk

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

// inOrder runs n jobs, a few at a time, and takes their results one after the other in the
// jobs' order: sums in float64 then have the same bits in every run.
func inOrder[T any](ctx context.Context, n, lanes int, run func(i int) (T, error), take func(i int, result T)) error {
	var mu sync.Mutex
	ready, next := map[int]T{}, 0
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(max(1, lanes))
	for i := range n {
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			result, err := run(i)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			ready[i] = result
			for {
				r, ok := ready[next]
				if !ok {
					return nil
				}
				take(next, r)
				delete(ready, next)
				next++
			}
		})
	}
	return work.Wait()
}
