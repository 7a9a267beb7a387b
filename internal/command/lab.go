package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"lpft/internal/lab"
	"lpft/internal/module"
	"lpft/lpftlib/progress/terminal"
	"lpft/lpftlib/session"
	"lpft/lpftlib/store"
)

func labCommand() *cobra.Command {
	var port int
	var host, data, models string
	var noBrowser, setupOnly bool
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Open the notebooks in JupyterLab, kernel \"Go (lpft)\" ready",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := forCells(map[string]string{"LPFT_DATA": data, "LPFT_MODELS": models}); err != nil {
				return err
			}
			home, err := store.MakeHome()
			if err != nil {
				return err
			}
			root, err := module.Root()
			if err != nil {
				return err
			}
			env, err := setUpLab(cmd.Context(), home, root)
			if err != nil {
				return err
			}
			if setupOnly {
				return complete(cmd.Context(), env, home)
			}
			if !lab.Loopback(host) {
				say(fmt.Sprintf("WARNING: --host %s lets other machines in: whoever has the token runs programs here as you, and the connection is not encrypted; 127.0.0.1 with an ssh tunnel is safe", host))
			}
			return env.Lab(cmd.Context(), lab.LabOptions{
				Host: host, Port: port, NotebookDir: root, Default: filepath.Join("notebooks", "index.ipynb"), Browser: !noBrowser,
				Ready: func(url string) { fmt.Println(url) },
			})
		},
	}
	cmd.Flags().IntVar(&port, "port", 0, "port to listen on (default 8888, or any free one when that is taken)")
	cmd.Flags().StringVar(&host, "host", "127.0.0.1", "address to listen on")
	cmd.Flags().StringVar(&data, "data", "", "parent folder of the data sets (default LPFT_DATA)")
	cmd.Flags().StringVar(&models, "models", "", "parent folder of checkpoints (default LPFT_MODELS)")
	cmd.Flags().BoolVar(&noBrowser, "no-browser", false, "do not open a browser")
	cmd.Flags().BoolVar(&setupOnly, "setup-only", false, "make everything ready that needs a network, and stop")
	return cmd
}

// setUpLab makes ready what cells need: XLA's plugin comes over the network while the compiler works.
func setUpLab(ctx context.Context, home, root string) (env *lab.Env, err error) {
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { // cells find the engine, and fetch nothing
		_, err := sayEngine(ctx, "")
		return err
	})
	work.Go(func() (err error) {
		env, err = lab.Setup(ctx, lab.Options{Home: home, ModuleRoot: root, Progress: say})
		return err
	})
	err = work.Wait()
	return env, err
}

// complete fetches and builds what a first use would: after it nothing needs a network but data.
func complete(ctx context.Context, env *lab.Env, home string) error {
	if err := env.Complete(ctx); err != nil {
		return err
	}
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

// forCells sets the folders that cells find in their environment, as absolute paths: a cell's
// working folder is its notebook's.
func forCells(folders map[string]string) error {
	for variable, dir := range folders {
		if dir == "" {
			dir = os.Getenv(variable)
		}
		if dir == "" {
			continue
		}
		abs, err := filepath.Abs(dir)
		if err != nil {
			return err
		}
		if info, err := os.Stat(abs); err != nil || !info.IsDir() {
			return fmt.Errorf("folder %s (%s): not found", abs, variable)
		}
		if err := os.Setenv(variable, abs); err != nil {
			return err
		}
	}
	return nil
}
