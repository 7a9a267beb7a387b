package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"lpft/lpftlib/backend"
	"lpft/lpftlib/study"
)

func devicesCommand() *cobra.Command {
	var devices []string
	var seeds string
	cmd := &cobra.Command{
		Use:   "devices --devices 0,1 --seeds 1001,2002,… -- run --task T --method M",
		Short: "A grid of runs on several devices: one process a device, the seeds dealt out among them",
		Long: `Starts "lpft run" once a device, each with its share of the seeds, and then once more with all of
them, which finds every run in the store and prints the table. Devices are cards, counted from 0,
or, on xla:cpu, those that XLA_FLAGS=--xla_force_host_platform_device_count=N makes. All processes
share the store of LPFT_HOME; what two of them need, such as pre-trained features, one computes.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] != "run" || slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "--seed") }) {
				return fmt.Errorf("lpft devices starts \"run\", and deals out the seeds itself: lpft devices --devices 0,1 --seeds 1001,2002 -- run --task cb --method ft")
			}
			shares, err := deal(seeds, len(devices))
			if err != nil {
				return err
			}
			g := grid{devices: devices, shares: shares, seeds: seeds, args: args}
			return g.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringSliceVar(&devices, "devices", nil, "devices, by number")
	cmd.Flags().StringVar(&seeds, "seeds", "", "seeds of the grid, separated by commas")
	cmd.MarkFlagRequired("devices")
	cmd.MarkFlagRequired("seeds")
	return cmd
}

// deal gives seed i to device i mod n.
func deal(seeds string, n int) ([]string, error) {
	list, err := study.ParseSeeds(seeds)
	if err != nil {
		return nil, fmt.Errorf("--seeds: %w", err)
	}
	if n == 0 || n > len(list) {
		return nil, fmt.Errorf("%d seeds cannot be dealt out to %d devices: name at least one device and a seed for each", len(list), n)
	}
	shares := make([][]string, n)
	for i, seed := range list {
		shares[i%n] = append(shares[i%n], fmt.Sprint(seed))
	}
	out := make([]string, n)
	for i, share := range shares {
		out[i] = strings.Join(share, ",")
	}
	return out, nil
}

// grid is a command for several devices.
type grid struct {
	devices []string
	shares  []string // seeds of each device
	seeds   string   // all of them
	args    []string
}

// run starts the command once a device, at the same time, and then once for all seeds. The first
// that fails ends the others.
func (g grid) run(ctx context.Context, out, messages io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	work, group := errgroup.WithContext(ctx)
	for i, device := range g.devices {
		work.Go(func() error {
			return labelled(deviceCommand(group, self, g.args, device, g.shares[i]), "device "+device, messages)
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	all := deviceCommand(ctx, self, g.args, g.devices[0], g.seeds)
	all.Stdout = out
	return labelled(all, "all seeds", messages)
}

func deviceCommand(ctx context.Context, self string, args []string, device, seeds string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(os.Environ(), backend.DeviceVar+"="+device, "LPFT_SEEDS="+seeds)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it leaves a checkpoint
	cmd.WaitDelay = time.Minute
	return cmd
}

// labelled runs a command and marks each line that it says.
func labelled(cmd *exec.Cmd, label string, to io.Writer) error {
	said, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	last := ""
	for lines := bufio.NewScanner(said); lines.Scan(); {
		last = lines.Text()
		fmt.Fprintf(to, "%s: %s\n", label, last)
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %s", label, strings.TrimPrefix(last, "lpft: "))
	}
	return nil
}
