package proxy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompleteness(t *testing.T) {
	for code, want := range map[string]string{
		"":                                      "complete",
		"func f() int { return 1 }":             "complete",
		"import \"fmt\"\n\n%%\nfmt.Println(1)":  "complete",
		"fmt.Println(1)":                        "complete", // it fails with a hint, which says more than waiting does
		"%%\nx := 1 +\n":                        "incomplete",
		"%%\nfmt.Println(":                      "incomplete",
		"%%\nfmt.Println(1,":                    "incomplete",
		"%%\nfor i := range 3 {":                "incomplete",
		"func f() {\n\tif true {":               "incomplete",
		"var s = `a":                            "incomplete",
		"/* a":                                  "incomplete",
		"!ls \\":                                "incomplete",
		"!ls \\\n -l":                           "complete",
		"%%\nfor for":                           "invalid",
		"func f() } {":                          "invalid",
		"var s = \"a":                           "invalid",
		"%%bash\nfor i in 1 2; do":              "complete",
		"%%writefile a.go\nfunc {":              "complete",
		"%env A=1\n\n%% --flag\nflag.Parse()\n": "complete",
	} {
		status, _ := completeness(code)
		require.Equal(t, want, status, "%q", code)
	}
	_, indent := completeness("func f() {\n\tfor {")
	require.Equal(t, "\t\t", indent)
}

func FuzzCompleteness(f *testing.F) {
	f.Add("%%\nx := `")
	f.Add("!\\\n%%")
	f.Fuzz(func(t *testing.T, code string) {
		if status, _ := completeness(code); status != "complete" && status != "incomplete" && status != "invalid" {
			t.Fatal(status)
		}
	})
}
