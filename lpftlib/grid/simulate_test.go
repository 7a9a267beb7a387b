package grid

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// hand is a plan by hand: a takes 4 s, b and c need it and take 3 and 2 s, d alone takes 5 s.
func hand() []Job {
	return []Job{{ID: "a", Label: "a", Seconds: 4}, {ID: "d", Label: "d", Seconds: 5}, {ID: "done", Seconds: 0, Done: true},
		{ID: "b", Label: "b", Seconds: 3, Needs: []string{"a", "done"}}, {ID: "c", Label: "c", Seconds: 2, Needs: []string{"a"}}}
}

// One device does everything in turn; two start a and d, then b, then c; more cannot help the chain a, b.
func TestSimulate(t *testing.T) {
	got := Simulate(hand(), []int{1, 2, 8}, 1e9)
	require.Equal(t, []float64{14, 7, 7}, []float64{got[0].Makespan, got[1].Makespan, got[2].Makespan})
	require.Equal(t, Estimate{Devices: 2, Makespan: 7, Work: 7, Chain: 7, Longest: 5}, got[1])
	require.Equal(t, []string{"work", "work", "longest chain"}, []string{got[0].Bound(), got[1].Bound(), got[2].Bound()})
	var chain []string
	for _, j := range LongestChain(hand()) {
		chain = append(chain, j.ID)
	}
	require.Equal(t, []string{"a", "b"}, chain)
}

// A slow disk, which all devices share, can be what bounds a plan.
func TestSimulateIO(t *testing.T) {
	jobs := hand()
	jobs[1].BytesIn, jobs[4].BytesOut = 2000, 1000
	got := Simulate(jobs, []int{8}, 100)
	require.Equal(t, 30.0, got[0].IO)
	require.Equal(t, 30.0, got[0].Makespan)
	require.Equal(t, "I/O", got[0].Bound())
	require.Zero(t, Simulate(nil, []int{3}, 100)[0].Makespan, "nothing is left")
	require.Empty(t, LongestChain(nil))
}

// Whatever the plan, a schedule is no shorter than its bounds and, by Graham's theorem, no longer than their sum.
func TestSimulateWithinBounds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var jobs []Job
		for i := range 40 {
			j := Job{ID: string(rune('A' + i)), Seconds: random.Float64()}
			for k := range i {
				if random.Float64() < 0.1 {
					j.Needs = append(j.Needs, jobs[k].ID)
				}
			}
			jobs = append(jobs, j)
		}
		for _, e := range Simulate(jobs, []int{1, 2, 3, 8}, 1e9) {
			require.GreaterOrEqual(t, e.Makespan, max(e.Work, e.Chain)-1e-9)
			require.LessOrEqual(t, e.Makespan, e.Work+e.Chain+1e-9)
		}
	}
}
