package lpftlib

import (
	"context"
	"fmt"
	"strings"
	"time"

	"lpft/lpftlib/study"
)

// missing counts the steps whose results are not in the store, and the tokens that they cost.
func missing(steps []study.Planned) (n int, tokens float64) {
	for _, step := range steps {
		if !step.Cached {
			n++
			tokens += step.Tokens
		}
	}
	return n, tokens
}

// toCompute says what building an item computes first: how many steps, how long they take at this
// machine's rate, and the command that makes them without a notebook. "" when all is there.
func toCompute(ctx context.Context, s *study.Session, item Item) (string, error) {
	steps, err := item.Plan(ctx, s)
	if err != nil {
		return "", err
	}
	n, tokens := missing(steps)
	if n == 0 {
		return "", nil
	}
	ids, err := s.Tasks(ctx)
	if err != nil {
		return "", err
	}
	rate, err := s.Rate(ctx, ids[0])
	if err != nil {
		return "", err
	}
	took := time.Duration(tokens / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%d of %d steps are not there yet: about %s here. The same without a notebook: %s", n, len(steps), max(took, time.Second), command(s, ids, item)), nil
}

// command makes an item with this session's profile, tasks and seeds.
func command(s *study.Session, ids []string, item Item) string {
	seeds := strings.ReplaceAll(strings.Trim(fmt.Sprint(s.Profile.Seeds), "[]"), " ", ",")
	return fmt.Sprintf("lpft reproduce --profile %s --tasks %s --seeds %s --only %s", s.Profile.From, strings.Join(s.TaskArgs(ids), ","), seeds, item.ID)
}
