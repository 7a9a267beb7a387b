package paper

import "math"

// chanceRows are the test rows behind an accuracy of Table 9, majority the share of the most frequent class on the test set, in
// per cent: what a constant prediction scores at most.
const chanceRows = 250

var majority = map[string]float64{"rte": 52.71, "boolq": 62.17, "wic": 50}

// nearChance tells whether a printed kernel test accuracy is not above two standard errors of what a constant prediction
// scores: so most of Table 9, none of Table 2.
func nearChance(p Printed) bool {
	base, ok := majority[p.Dataset]
	if p.Table != 9 || p.Metric != "acc_test" || !ok {
		return false
	}
	return p.Mean <= base+2*math.Sqrt(base*(100-base)/chanceRows)
}
