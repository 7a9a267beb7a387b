package fetch

import (
	"os"
	"slices"
	"strings"
)

// OfflineVar is Hugging Face's variable: set to 1, ON, YES or TRUE it keeps every program off the network.
const OfflineVar = "HF_HUB_OFFLINE"

// Offline tells whether the environment forbids the network.
func Offline() bool {
	return slices.Contains([]string{"1", "ON", "YES", "TRUE"}, strings.ToUpper(os.Getenv(OfflineVar)))
}
