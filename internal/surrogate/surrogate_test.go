package surrogate

import "testing"

func TestHalf(t *testing.T) {
	for raw, want := range map[string]bool{
		`"plain"`: false, `"caf\u00e9"`: false, `"\ud83d\ude00"`: false, `"\\ud800"`: false, `"\ufffd"`: false, `"\\\\ud800 \n"`: false,
		`"\ud800"`: true, `"\udc00"`: true, `"\ud800\ud800"`: true, `"a\ud83dx"`: true, `"\ude00\ud83d"`: true, `"\\\ud800"`: true,
		`"\uD83D\uDE00\uD83D"`: true, `"\ud83d\n"`: true,
	} {
		if got := Half(raw); got != want {
			t.Errorf("%s: %v", raw, got)
		}
	}
}
