package ntk

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"lpft/lpftlib/backend"
)

// fallbackMemory is the budget where neither the system nor the card says how much there is.
const fallbackMemory = 2 << 30

// defaultMemory is a quarter of the machine's memory, or half of the card's, and says so.
func defaultMemory(be *backend.Backend) (bytes int64, why string) {
	if be.Engine == "xla:cuda" {
		if total, ok := cardMemory(); ok {
			return total / 2, "half of the card's memory"
		}
		return fallbackMemory, "the card does not say how much memory it has"
	}
	if total, ok := machineMemory(); ok {
		return total / 4, "a quarter of the machine's memory"
	}
	return fallbackMemory, "the system does not say how much memory it has"
}

// machineMemory is the smaller of the machine's memory and its control group's limit.
func machineMemory() (int64, bool) {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	var kib int64
	if _, err := fmt.Sscanf(string(data), "MemTotal: %d kB", &kib); err != nil || kib <= 0 {
		return 0, false
	}
	total := kib << 10
	if limit, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(limit)), 10, 64); err == nil && n > 0 {
			total = min(total, n)
		}
	}
	return total, true
}

// cardMemory asks NVIDIA's tool for the first card's memory.
func cardMemory() (int64, bool) {
	out, err := exec.Command("nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits", "--id=0").Output()
	if err != nil {
		return 0, false
	}
	mib, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	return mib << 20, err == nil && mib > 0
}

// ParseMemory reads a size such as "2GiB", "500MiB" or a plain number of bytes.
func ParseMemory(text string) (int64, error) {
	for _, unit := range []struct {
		suffix string
		size   float64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}, {"", 1}} {
		number, ok := strings.CutSuffix(text, unit.suffix)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(v*unit.size >= 1 && v*unit.size < 1<<60) {
			break
		}
		return int64(v * unit.size), nil
	}
	return 0, fmt.Errorf("memory %q: expected a size such as 2GiB, 500MiB or a number of bytes", text)
}

// sizeText is bytes for a message.
func sizeText(bytes int64) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%d MiB", (bytes+1<<20-1)>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}
