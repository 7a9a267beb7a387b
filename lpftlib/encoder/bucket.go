package encoder

import (
	"cmp"
	"slices"
)

// Static shapes cost a compilation each, so texts are padded to a few length buckets, and
// a batch holds texts of similar length: padding is masked and changes nothing but the time.

// bucketStep is the distance of length buckets: fine on the pure-Go engine, where a new
// shape costs milliseconds, coarse on XLA, which compiles for seconds.
func bucketStep(engine string) int {
	if engine == "go" {
		return 8
	}
	return 32
}

// BucketLength rounds a text's length up to engine's next bucket, at most limit.
func BucketLength(n int, engine string, limit int) int {
	step := bucketStep(engine)
	return max(n, min(limit, (n+step-1)/step*step))
}

// Group is a set of rows that share a device batch.
type Group struct {
	Rows []int // indices into the caller's encodings
	T    int   // common padded length
}

// Groups cuts encodings into device batches of at most tokens padded tokens (and at least
// one row), texts of similar length together. Every row is in exactly one group.
func Groups(encodings []Encoding, engine string, tokens, limit int) []Group {
	rows := make([]int, len(encodings))
	for i := range rows {
		rows[i] = i
	}
	length := func(row int) int { return len(encodings[row].IDs) }
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(length(b), length(a)) })
	var groups []Group
	for len(rows) > 0 {
		t := BucketLength(length(rows[0]), engine, limit) // longest first: it sets T
		n := min(len(rows), max(1, tokens/t))
		groups = append(groups, Group{Rows: rows[:n:n], T: t})
		rows = rows[n:]
	}
	return groups
}
