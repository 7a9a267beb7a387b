package items

import (
	"context"
	"fmt"
	"strings"
	"time"

	"lpft/lpftlib/session"
)

// State is what the store holds of an item's needs.
type State struct {
	Steps, Missing int
	Tokens         float64 // that the missing steps pass through the encoder
	Command        string  // makes the item without a notebook
}

// String is the state in words.
func (s State) String() string {
	switch {
	case s.Steps == 0:
		return "computed at once"
	case s.Missing == 0:
		return "cached"
	}
	return fmt.Sprintf("%d of %d steps to compute: %s", s.Missing, s.Steps, s.Command)
}

// StateOf plans an item and looks what of it is there.
func StateOf(ctx context.Context, s *session.Session, item Item) (State, error) {
	steps, err := item.Needs(ctx, s)
	if err != nil {
		return State{}, err
	}
	ids, err := s.Tasks(ctx)
	if err != nil {
		return State{}, err
	}
	out := State{Steps: len(steps), Command: command(s, ids, item)}
	for _, step := range steps {
		if !step.Cached {
			out.Missing++
			out.Tokens += step.Tokens
		}
	}
	return out, nil
}

// Announce says what building an item computes first: how many steps, how long they take at this machine's
// rate, and the command that makes them without a notebook. "" when all is there.
func Announce(ctx context.Context, s *session.Session, item Item) (string, error) {
	state, err := StateOf(ctx, s, item)
	if err != nil || state.Missing == 0 {
		return "", err
	}
	ids, err := s.Tasks(ctx)
	if err != nil {
		return "", err
	}
	rate, err := s.Rate(ctx, ids[0])
	if err != nil {
		return "", err
	}
	took := time.Duration(state.Tokens / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%d of %d steps are not there yet: about %s here. The same without a notebook: %s", state.Missing, state.Steps, max(took, time.Second), state.Command), nil
}

// command makes an item with this session's profile, tasks and seeds.
func command(s *session.Session, ids []string, item Item) string {
	seeds := strings.ReplaceAll(strings.Trim(fmt.Sprint(s.Profile.Seeds), "[]"), " ", ",")
	return fmt.Sprintf("lpft reproduce --profile %s --tasks %s --seeds %s --only %s", s.Profile.From, strings.Join(s.TaskArgs(ids), ","), seeds, item.ID)
}
