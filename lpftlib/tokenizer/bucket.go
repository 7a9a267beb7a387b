package tokenizer

// bucketStep is the distance between length buckets: few enough shapes to compile once
// each, near enough that little is computed on padding.
const bucketStep = 32

// Buckets returns the padded lengths to use for encodings of at most maxLen tokens: every
// multiple of 32 below maxLen, and maxLen. Buckets(128) is 32, 64, 96, 128; a maxLen below
// one gives none.
func Buckets(maxLen int) []int {
	var buckets []int
	for n := bucketStep; n < maxLen; n += bucketStep {
		buckets = append(buckets, n)
	}
	if maxLen > 0 {
		buckets = append(buckets, maxLen)
	}
	return buckets
}

// Bucket returns the first of the ascending buckets that holds n tokens, the last one if
// none does, and n itself where there are no buckets.
func Bucket(n int, buckets []int) int {
	for _, b := range buckets {
		if n <= b {
			return b
		}
	}
	if len(buckets) == 0 {
		return n
	}
	return buckets[len(buckets)-1]
}
