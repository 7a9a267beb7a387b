package proxy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHistory(t *testing.T) {
	var h history
	for i, code := range []string{"a", "b(1)", "a", "b(2)"} {
		h.add(i+1, code)
	}
	lines := func(r historyRequest) (found []int) {
		for _, e := range h.find(r) {
			require.Equal(t, 1, e[0])
			found = append(found, e[1].(int))
		}
		return found
	}
	require.Equal(t, []int{3, 4}, lines(historyRequest{Access: "tail", N: 2}))
	require.Equal(t, []int{1, 2, 3, 4}, lines(historyRequest{Access: "tail"}))
	require.Equal(t, []int{2, 3}, lines(historyRequest{Access: "range", Start: 2, Stop: 4}))
	require.Empty(t, lines(historyRequest{Access: "range", Session: 7}))
	require.Equal(t, []int{2, 4}, lines(historyRequest{Access: "search", Pattern: "b(*"}))
	require.Equal(t, []int{4}, lines(historyRequest{Access: "search", Pattern: "b(?)", N: 1}))
	require.Equal(t, []int{3}, lines(historyRequest{Access: "search", Pattern: "a", Unique: true}))
	require.Equal(t, [3]any{1, 1, [2]any{"a", nil}}, h.find(historyRequest{Access: "tail", Output: true})[0])
	require.NotNil(t, (&history{}).find(historyRequest{Access: "tail"}), "JSON wants a list, not null")
}
