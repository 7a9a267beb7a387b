package probe

import (
	"fmt"
	"slices"
	"strings"
)

// Stop says where a fit ends.
type Stop string

const (
	// StopExact goes on to the minimiser: the head does not depend on the route. It is what "" means.
	StopExact Stop = "exact"
	// StopSklearn10 follows the L-BFGS of scikit-learn 1.0, the paper's version, and stops where that stops. It minimises
	// the sum over the rows, Σ CE + ‖W‖²/(2κ), until no entry of the gradient exceeds Options.Tol or an iteration
	// lowers the value by less than 2.2e-9 of it (scipy's default, which scikit-learn 1.0 leaves as it is).
	StopSklearn10 Stop = "sklearn-1.0"
	// StopSklearn17 is that of scikit-learn 1.7: the same route over the mean, (Σ CE + ‖W‖²/(2κ))/N, so that the same
	// tolerance is N times as loose, and a decrease of 1.4e-14.
	StopSklearn17 Stop = "sklearn-1.7"
)

var stops = []Stop{StopExact, StopSklearn10, StopSklearn17}

// ParseStop reads the name of a rule; "" is [StopExact].
func ParseStop(name string) (Stop, error) {
	if name == "" {
		return StopExact, nil
	}
	if s := Stop(name); slices.Contains(stops, s) {
		return s, nil
	}
	names := make([]string, len(stops))
	for i, s := range stops {
		names[i] = string(s)
	}
	return "", fmt.Errorf("stop %q is not known: expected one of %s", name, strings.Join(names, ", "))
}

// exact tells that the minimiser is asked for.
func (s Stop) exact() bool { return s == "" || s == StopExact }

// lbfgs is the rule of the route; where the minimiser is asked for, that of scikit-learn 1.7 (see [Path]).
func (s Stop) lbfgs() lbfgsRule {
	if s == StopSklearn10 {
		return lbfgsRule{reduction: 2.220446049250313e-09, lineSearch: 20}
	}
	return lbfgsRule{perRow: true, reduction: 64 * machineEpsilon, lineSearch: 50}
}
