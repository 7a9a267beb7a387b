//go:build amd64 && unix && !goexperiment.simd

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"lpft/internal/labcommand"
)

// openLab is `lpft lab` of this program. Its Lab builds lpft once it is open.
func openLab(ctx context.Context, args []string) error {
	root := &cobra.Command{Use: "lpft", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(labcommand.New(labcommand.Options{Fit: fit}))
	labcommand.AddOffline(root)
	root.SetArgs(args)
	return root.ExecuteContext(ctx)
}

// fit has a new lpft fetch XLA's plugin, as its own `lpft lab` would have before the Lab opens: cells fetch nothing. Where
// there is none, cells compute on the engine that is built in.
func fit(ctx context.Context, lpft string) error {
	said, err := exec.CommandContext(ctx, lpft, "backend", "open").CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	fmt.Fprintln(os.Stderr, lines[len(lines)-1])
	if err != nil {
		say("cells will compute on the engine that is built in")
	}
	return nil
}
