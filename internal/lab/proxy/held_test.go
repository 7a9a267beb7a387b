package proxy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHeld(t *testing.T) {
	now := time.Now()
	var h held
	require.Equal(t, "reading\n", h.take("reading\n", now))
	require.Equal(t, "no ", h.take("no ", now))
	require.Equal(t, "panic: here\n", h.take("panic: here\n", now), "not at the start of a line")
	require.Equal(t, "then\n", h.take("then\npanic: a", now))
	require.Empty(t, h.take("bc\n", now))
	require.Empty(t, h.take("exit status 2\n", now))
	require.Empty(t, h.late(now.Add(patience/2)))
	require.Equal(t, "panic: abc\n", h.release())
	require.Equal(t, "exit status 2\n", h.exit)

	require.Empty(t, h.take("panic: only a word\n", now))
	require.Equal(t, "panic: only a word\n", h.late(now.Add(2*patience)), "the program goes on")
	require.Empty(t, h.late(now.Add(3*patience)))
}
