package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDeal(t *testing.T) {
	shares, err := deal("1,2,3,4,5", 2)
	require.NoError(t, err)
	require.Equal(t, []string{"1,3,5", "2,4"}, shares)
	_, err = deal("1", 2)
	require.ErrorContains(t, err, "1 seeds cannot be dealt out to 2 devices")
	_, err = deal("1,x", 1)
	require.ErrorContains(t, err, `"x"`)
}
