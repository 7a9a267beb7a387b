// Package command is the command lpft: one file a subcommand, and what they share.
package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"lpft/internal/labcommand"
)

// Main runs lpft and ends the process.
func Main() {
	restart()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program whatever it is doing
	if err := root().ExecuteContext(ctx); err != nil {
		for _, line := range lines(err) {
			fmt.Fprintln(os.Stderr, "lpft: "+line)
		}
		os.Exit(exitStatus(err))
	}
}

// say prints a message on standard error.
func say(line string) { fmt.Fprintln(os.Stderr, line) }

// lines is an error as it is printed: one line, or one a problem.
func lines(err error) []string {
	var problems problemList
	if errors.As(err, &problems) {
		return problems
	}
	return []string{oneLine(err)}
}

// oneLine is an error as one line, with what to do after an interruption.
func oneLine(err error) string {
	text := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\n", " ")), " ")
	if errors.Is(err, context.Canceled) {
		text += "; the same command continues from here"
	}
	return text
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "lpft",
		Short:         "Reproduces \"Understanding Linear Probing then Fine-tuning Language Models from NTK Perspective\"",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	labcommand.AddOffline(cmd)
	cmd.AddCommand(reproduceCommand(), labCommand(), doctorCommand(), storeCommand(), compareCommand(), tokenizeCommand(), featuresCommand(),
		probeCommand(), ntkCommand(), kernelCommand(), runCommand(), exportCommand(), resultsCommand(), tuneCommand(), backendCommand(), devicesCommand(),
		workerCommand(), planCommand(), jobCommand(), submitCommand(), statusCommand())
	return cmd
}
