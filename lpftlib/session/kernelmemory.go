package session

import (
	"os/exec"
	"strconv"
	"strings"

	"lpft/lpftlib/backend"
)

// kernelMemory is what a kernel may take beside the parameters on a card: half of its memory. 0 elsewhere, or where the
// card does not say, leaves it to package ntk.
func kernelMemory(be *backend.Backend) int64 {
	if be.Engine != "xla:cuda" {
		return 0
	}
	out, err := exec.Command("nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits", "--id=0").Output()
	if err != nil {
		return 0
	}
	mib, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil || mib < 0 {
		return 0
	}
	return mib << 20 / 2
}
