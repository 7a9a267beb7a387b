package command

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
		Use:   "devices --devices 0,1 (--seeds 1001,2002,… -- run … | -- ntk …)",
		Short: "A grid of runs, or one kernel, on several devices: one process a device",
		Long: `With "run": starts it once a device, each with its share of the seeds, and then once more with all of
them, which finds every run in the store and prints the table. All processes share the store of
LPFT_HOME; what two of them need, such as pre-trained features, one computes.

With "ntk": starts it once a device, each with its share of the parameter groups, and then once more
to put the groups' kernels together and write the file.

Devices are cards, counted from 0, or, on xla:cpu, those that
XLA_FLAGS=--xla_force_host_platform_device_count=N makes.`,
		Example: `  lpft devices --devices 0,1 --seeds 1001,2002 -- run --task cb --method ft
  lpft devices --devices 0,1 -- ntk --model DIR --task cb --n 225 --method ft --out cb.npz`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := newGrid(devices, seeds, args)
			if err != nil {
				return err
			}
			return g.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringSliceVar(&devices, "devices", nil, "devices, by number")
	cmd.Flags().StringVar(&seeds, "seeds", "", "seeds of a grid of runs, separated by commas")
	cmd.MarkFlagRequired("devices")
	return cmd
}

// newGrid deals out what the command has to share: seeds of runs, parameter groups of a kernel.
func newGrid(devices []string, seeds string, args []string) (*deviceGrid, error) {
	has := func(flag string) bool {
		return slices.ContainsFunc(args, func(a string) bool { return a == flag || strings.HasPrefix(a, flag+"=") })
	}
	g := &deviceGrid{devices: devices, args: args}
	switch {
	case args[0] == "run" && !has("--seed") && !has("--seeds"):
		shares, err := deal(seeds, len(devices))
		if err != nil {
			return nil, err
		}
		for _, share := range shares {
			g.env = append(g.env, []string{"LPFT_SEEDS=" + share})
			g.more = append(g.more, nil)
		}
		g.last, g.lastEnv = "all seeds", []string{"LPFT_SEEDS=" + seeds}
		return g, nil
	case args[0] == "ntk" && seeds == "" && !has("--share"):
		for i := range devices {
			g.env = append(g.env, nil)
			g.more = append(g.more, []string{"--share", fmt.Sprintf("%d/%d", i+1, len(devices))})
		}
		g.last = "all groups"
		return g, nil
	}
	return nil, fmt.Errorf(`lpft devices starts "run", and deals out the seeds itself: lpft devices --devices 0,1 --seeds 1001,2002 -- run --task cb --method ft; or "ntk", and deals out the groups: lpft devices --devices 0,1 -- ntk … (without --seeds and --share)`)
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

// deviceGrid is a command for several devices.
type deviceGrid struct {
	devices []string
	args    []string
	env     [][]string // more environment of each device's process
	more    [][]string // more arguments of each
	last    string     // what the process at the end puts together
	lastEnv []string
}

// run starts the command once a device, at the same time, and then once for all. The first that
// fails ends the others.
func (g deviceGrid) run(ctx context.Context, out, messages io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	work, group := errgroup.WithContext(ctx)
	for i, device := range g.devices {
		work.Go(func() error {
			cmd := deviceCommand(group, self, slices.Concat(g.args, g.more[i]), device, g.env[i])
			return labelled(cmd, "device "+device, messages)
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	all := deviceCommand(ctx, self, g.args, g.devices[0], g.lastEnv)
	all.Stdout = out
	return labelled(all, g.last, messages)
}

func deviceCommand(ctx context.Context, self string, args []string, device string, env []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(append(os.Environ(), backend.DeviceVar+"="+device), env...)
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
