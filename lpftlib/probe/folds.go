package probe

import "fmt"

// StratifiedFolds splits rows 0 … len(y)−1 into k test folds, each in ascending order, exactly as
// scikit-learn's StratifiedKFold(n_splits=k, shuffle=False): every fold gets its share of every class (the
// remainders dealt out over the label-sorted rows), and the rows of a class fill the folds in file order.
// Classes are ranked by first appearance, as there. A class with fewer than k rows is spread over fewer
// folds; it is an error only if that is so for every class.
func StratifiedFolds(y []int, classes, k int) ([][]int, error) {
	if k < 2 {
		return nil, fmt.Errorf("probe: %d folds: expected at least 2", k)
	}
	counts := make([]int, classes)
	var appearance []int // class ids by first appearance
	largest := 0
	for i, c := range y {
		if c < 0 || c >= classes {
			return nil, fmt.Errorf("probe: label %d of row %d: expected 0 … %d", c, i, classes-1)
		}
		if counts[c] == 0 {
			appearance = append(appearance, c)
		}
		counts[c]++
		largest = max(largest, counts[c])
	}
	if largest < k {
		return nil, fmt.Errorf("probe: %d folds asked of %d rows whose largest class has %d members: "+
			"at least one class needs %d; use fewer folds or more rows", k, len(y), largest, k)
	}

	// Sort the labels by class rank and deal them out like cards: position p goes to fold p mod k.
	// share[c][f] is how many of class c fold f gets.
	share := make([][]int, classes)
	position := 0
	for _, c := range appearance {
		share[c] = make([]int, k)
		for range counts[c] {
			share[c][position%k]++
			position++
		}
	}

	folds := make([][]int, k)
	current := make([]int, classes) // the fold that class c is filling
	for i, c := range y {
		for share[c][current[c]] == 0 {
			current[c]++
		}
		f := current[c]
		share[c][f]--
		folds[f] = append(folds[f], i)
	}
	return folds, nil
}
