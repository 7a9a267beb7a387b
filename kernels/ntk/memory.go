package ntk

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"lpft/lpftlib/backend"
)

// fallbackMemory is the budget where nobody says how much there is.
const fallbackMemory = 2 << 30

// defaultMemory is a quarter of the machine's memory, or half of the card's, and says so.
func defaultMemory(be *backend.Backend) (bytes int64, why string) {
	if be.Engine == "xla:cuda" {
		if total, ok := cardMemory(); ok {
			return total / 2, "half of the card's memory"
		}
		return fallbackMemory, "nvidia-smi does not say how much memory the card has"
	}
	if total, ok := machineMemory(); ok {
		return total / 4, "a quarter of the machine's memory"
	}
	return fallbackMemory, "the system does not say how much memory it has"
}

// cardMemory is that of the smallest of the machine's cards.
func cardMemory() (int64, bool) {
	out, err := exec.Command("nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits").Output()
	if err != nil {
		return 0, false
	}
	return smallest(string(out))
}

// smallest reads one number of MiB a line.
func smallest(lines string) (bytes int64, ok bool) {
	for _, line := range strings.Fields(lines) {
		mib, err := strconv.ParseInt(line, 10, 64)
		if err != nil || mib <= 0 {
			return 0, false
		}
		if !ok || mib<<20 < bytes {
			bytes, ok = mib<<20, true
		}
	}
	return bytes, ok
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

// tooSmall refuses a budget that not even one layer, one row and one column at a time fit in, and says which one would do.
func tooSmall(budget int64, why string, rows int, least int64) error {
	given := "memory budget of " + sizeDown(budget)
	if budget <= 0 {
		given = "memory budget of nothing or less"
	}
	return fmt.Errorf("ntk: %s (%s) is too small: one layer of these %d rows needs %s at least", given, why, rows, sizeUp(least))
}

// sizeDown is bytes for a message, no more than there are.
func sizeDown(bytes int64) string {
	switch {
	case bytes < 1<<20:
		return fmt.Sprintf("%d bytes", bytes)
	case bytes < 1<<30:
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%.1f GiB", math.Floor(10*float64(bytes)/(1<<30))/10)
}

// sizeUp is bytes for a message, no fewer than there are: a budget of what it says is enough.
func sizeUp(bytes int64) string {
	if mib := (bytes + 1<<20 - 1) >> 20; mib < 1<<10 {
		return fmt.Sprintf("%d MiB", mib)
	}
	return fmt.Sprintf("%.1f GiB", math.Ceil(10*float64(bytes)/(1<<30))/10)
}
