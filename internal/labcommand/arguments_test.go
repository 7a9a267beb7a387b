package labcommand

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOpens(t *testing.T) {
	for _, line := range []string{"lab", "lab --port 8889 --no-browser", "lab --host=0.0.0.0"} {
		require.True(t, Opens(strings.Fields(line)), line)
	}
	for _, line := range []string{"", "reproduce", "lab --setup-only", "lab --setup-only=true", "lab -h", "lab --help", "reproduce --profile lab", "--offline lab"} {
		require.False(t, Opens(strings.Fields(line)), line)
	}
}
