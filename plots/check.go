package plots

import (
	"fmt"
	"math"
)

// checkXY tells what keeps a curve from being drawn; what names it in the error.
func checkXY(what string, x, y []float64, logX, logY bool) error {
	if len(x) == 0 {
		return fmt.Errorf("plots: %s holds no points: expected at least one", what)
	}
	if len(x) != len(y) {
		return fmt.Errorf("plots: %s has %d x values and %d y values: expected as many of both", what, len(x), len(y))
	}
	for i := range x {
		if err := checkValue(what, "x", i, x[i], logX); err != nil {
			return err
		}
		if err := checkValue(what, "y", i, y[i], logY); err != nil {
			return err
		}
	}
	return nil
}

func checkValue(what, name string, i int, v float64, log bool) error {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("plots: %s: %s[%d] is %v: expected a finite number", what, name, i, v)
	}
	if log && v <= 0 {
		return fmt.Errorf("plots: %s: %s[%d] is %g: a logarithmic axis needs positive numbers", what, name, i, v)
	}
	return nil
}

// panelName names a panel in an error: by its title, or by its place where it has none.
func panelName(i int, title string) string {
	if title == "" {
		return fmt.Sprintf("panel %d", i+1)
	}
	return fmt.Sprintf("panel %q", plainText(title))
}
