// Package offline says whether the Hugging Face Hub may be asked.
package offline

import (
	"os"
	"strings"
)

// Variable says which variable forbids asking the Hub, "" when none does.
func Variable() string {
	for _, name := range []string{"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"} {
		if IsTrue(os.Getenv(name)) {
			return name
		}
	}
	return ""
}

// IsTrue reads a switch as huggingface_hub does.
func IsTrue(value string) bool {
	switch strings.ToUpper(value) {
	case "1", "ON", "YES", "TRUE":
		return true
	}
	return false
}
