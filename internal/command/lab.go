package command

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"lpft/internal/labcommand"
	"lpft/lpftlib/progress/terminal"
	"lpft/lpftlib/session"
)

func labCommand() *cobra.Command {
	return labcommand.New(labcommand.Options{
		Beside: func(ctx context.Context) error { // XLA's plugin comes over the network while the compiler works: cells fetch nothing
			_, err := sayEngine(ctx, "")
			return err
		},
		Complete: fetchModel,
	})
}

// fetchModel fetches the demo's model: after it nothing needs a network but data.
func fetchModel(ctx context.Context, home string) error {
	s, err := session.Open(ctx, session.Options{Home: home, Open: openEngine(ctx), Say: say, Progress: terminal.Sink(os.Stderr)})
	if err != nil {
		return err
	}
	m, err := s.Model(ctx)
	if err != nil {
		return err
	}
	say(fmt.Sprintf("ready: notebooks and model %s (%s)", m.Checkpoint.Name, m.Checkpoint.Source))
	return nil
}
