package command

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// parseMemory reads a size such as "2GiB", "500MiB" or a plain number of bytes. Sizes that nothing fits in are left to who
// knows what is needed.
func parseMemory(text string) (int64, error) {
	for _, unit := range []struct {
		suffix string
		size   float64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}, {"", 1}} {
		number, ok := strings.CutSuffix(text, unit.suffix)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(math.Abs(v*unit.size) < 1<<60) {
			break
		}
		return int64(v * unit.size), nil
	}
	return 0, fmt.Errorf("memory %q: expected a size such as 2GiB, 500MiB or a number of bytes", text)
}
