package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Python is an interpreter that can make the environment.
type Python struct {
	Path    string
	Version string // "3.11.7"
}

// oldest is the first Python 3 that the pinned packages run on.
const oldest = 10

// FindPython takes name, else LPFT_PYTHON, else the first on PATH that is new enough.
func FindPython(ctx context.Context, name string) (Python, error) {
	if name == "" {
		name = os.Getenv("LPFT_PYTHON")
	}
	candidates := []string{name}
	if name == "" {
		candidates = []string{"python3", "python3.13", "python3.12", "python3.11", "python3.10", "python"}
	}
	var seen []string
	for _, c := range candidates {
		p, err := askPython(ctx, c)
		if err == nil {
			return p, nil
		}
		if !errors.Is(err, exec.ErrNotFound) || name != "" {
			seen = append(seen, fmt.Sprintf("%s: %v", c, err))
		}
	}
	why := "none on PATH"
	if len(seen) > 0 {
		why = strings.Join(seen, "; ")
	}
	return Python{}, fmt.Errorf("notebooks need Python 3.%d or newer (%s): install it, or name one in LPFT_PYTHON", oldest, why)
}

// askPython runs an interpreter to learn its version; a name on PATH may be a stub that does not run.
func askPython(ctx context.Context, name string) (Python, error) {
	file, err := exec.LookPath(name)
	if err != nil {
		return Python{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, file, "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])").Output()
	if err != nil {
		return Python{}, fmt.Errorf("does not run: %w", err)
	}
	version := strings.TrimSpace(string(out))
	major, minor, err := parseVersion(version)
	if err != nil {
		return Python{}, err
	}
	if major != 3 || minor < oldest {
		return Python{}, fmt.Errorf("is Python %s", version)
	}
	return Python{Path: file, Version: version}, nil
}

func parseVersion(version string) (major, minor int, err error) {
	if n, err := fmt.Sscanf(version, "%d.%d.", &major, &minor); err != nil || n != 2 {
		return 0, 0, fmt.Errorf("answers %q, not a version", version)
	}
	return major, minor, nil
}
