package backend

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"lpft/lpftlib/store"
)

// A plugin is a large foreign library, and a bad one does not return errors: it aborts, is
// killed by the system, or never comes back. So the first time a plugin is used, a second
// process of the same program loads it and computes something. That it went well is noted on
// disk, and later processes, of which every notebook cell is one, do without.

// probeVar, in a process's environment, makes it try a configuration and end.
const probeVar = "LPFT_PROBE_PLUGIN"

// patience is how long a plugin may take to load and to compute the first sum.
var patience = time.Minute

// A cell is a program of its own that only imports this package, so the second process has
// to find its task here and not in some main function.
func init() {
	config := os.Getenv(probeVar)
	if config == "" {
		return
	}
	if err := tryConfig(config); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(probeOK)
	os.Exit(0)
}

const probeOK = "the sum is right"

// tryConfig opens a configuration and adds three numbers.
func tryConfig(config string) error {
	b, err := construct(config)
	if err != nil {
		return err
	}
	out, err := graph.CallOnce(b, func(x *graph.Node) *graph.Node { return graph.ReduceAllSum(x) }, []float32{1, 2, 3})
	if err != nil {
		return err
	}
	if sum := tensors.ToScalar[float32](out); sum != 6 {
		return fmt.Errorf("1 + 2 + 3 is %v on it", sum)
	}
	return nil
}

// construct calls the engine's constructor; a panic inside becomes an error.
func construct(config string) (b compute.Backend, err error) {
	defer func() {
		if r := recover(); r != nil {
			b, err = nil, errors.New(firstLine(fmt.Sprint(r)))
		}
	}()
	if strings.HasPrefix(config, "xla:") {
		b, err = constructXLA(config)
	} else {
		b, err = compute.NewWithConfig(config)
	}
	if err != nil {
		return nil, errors.New(firstLine(err.Error()))
	}
	return b, nil
}

// trial is what is known of a plugin that has computed something.
type trial struct {
	Config string `json:"config"`
	SHA256 string `json:"sha256"` // of the plugin's file
}

// probe tries the plugin in a second process, unless that went well before.
func probe(path, config string) (trial, error) {
	note, err := noteFile(path, config)
	if err != nil {
		return trial{}, err
	}
	if t, ok := readNote(note); ok {
		return t, nil
	}
	if err := runTrial(path, config); err != nil {
		return trial{}, err
	}
	digest, err := store.DigestFile(path)
	if err != nil {
		return trial{}, err
	}
	t := trial{config, digest}
	writeNote(note, t)
	return t, nil
}

func readNote(file string) (t trial, ok bool) {
	text, err := os.ReadFile(file)
	return t, err == nil && json.Unmarshal(text, &t) == nil && t.SHA256 != ""
}

// writeNote keeps a trial. Where it cannot be written, the next process tries again.
func writeNote(file string, t trial) {
	text, err := json.Marshal(t)
	if err == nil && os.MkdirAll(filepath.Dir(file), 0o755) == nil {
		_ = os.WriteFile(file, append(text, '\n'), 0o644)
	}
}

// runTrial starts this program once more, to load the plugin and compute something.
func runTrial(path, config string) error {
	if !hasCgo {
		return ErrNoCgo
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), probeVar+"="+config)
	cmd.WaitDelay = time.Second
	var said, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &complaints
	if err = cmd.Run(); err == nil && strings.Contains(said.String(), probeOK) {
		return nil
	}
	return verdict(ctx, path, strings.TrimSpace(said.String()), complaints.String())
}

// verdict says how the second process failed.
func verdict(ctx context.Context, path, said, complaints string) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("plugin %s: %w: nothing within %v", path, ErrHangs, patience)
	case OutOfMemory(errors.New(said + complaints)):
		return fmt.Errorf("%w: another program holds it (nvidia-smi lists them); end that, or name another card in %s", ErrMemory, DeviceVar)
	case said != "":
		return fmt.Errorf("plugin %s: %s", path, firstLine(said))
	}
	return fmt.Errorf("plugin %s: it %w (%s)", path, ErrDied, lastWords(complaints))
}

// lastWords picks the line that says why a process died: a signal's name, or a failed check.
func lastWords(stderr string) string {
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	for _, line := range lines {
		for _, sign := range []string{"SIG", "fatal error:", "Check failed"} {
			if strings.Contains(line, sign) {
				return strings.TrimSpace(line)
			}
		}
	}
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	return "without a word"
}

// noteFile is where it is noted that a configuration works with this very file, on this start
// of this machine: after a restart a driver may be another.
func noteFile(path, config string) (string, error) {
	dir, err := ownFolder()
	if err != nil {
		return "", err
	}
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	identity := fmt.Sprintf("%s %s %s", config, boot, os.Getenv("XLA_FLAGS"))
	if info, err := os.Stat(path); err == nil {
		identity += fmt.Sprintf(" %d %d", info.Size(), info.ModTime().UnixNano())
	}
	sum := sha256.Sum256([]byte(identity))
	return filepath.Join(dir, "tried", hex.EncodeToString(sum[:16])), nil
}
