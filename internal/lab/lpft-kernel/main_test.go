//go:build unix

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEnviron(t *testing.T) {
	got := environ([]string{"PATH=/bin", "GOWORK=off", "TMPDIR=/elsewhere", "GOFLAGS=-mod=mod -v"}, "/h", "/t")
	require.Equal(t, []string{"TMPDIR=/t", "PATH=/bin", "GOFLAGS=-v", "LPFT_HOME=/h"}, got)
	require.Equal(t, []string{"TMPDIR=/t", "LPFT_HOME=/mine"}, environ([]string{"LPFT_HOME=/mine"}, "/h", "/t"))
}
