package task

import (
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// lower maps to lower case by Unicode's full rules, as Python's str.lower does:
// İ becomes two code points, a sigma at the end of a word its final form.
func lower(s string) string {
	return cases.Lower(language.Und, cases.HandleFinalSigma(true)).String(s)
}
