package task

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The toy task asks what CB asks: given a sentence with an embedded clause, does
// the clause hold? The frame around the clause decides ("managed to": it holds,
// "failed to": it does not, "wanted to": nobody knows), and a negated hypothesis
// turns the answer round. So words alone do not tell entailment from
// contradiction; frame and hypothesis have to be read together.
//
// Training and test rows share frames and vocabulary but no pair of sentences.
// The out-of-distribution rows have other people and deeds, mostly other frames
// with the same three meanings, longer sentences and more negation.
//
// Measured with MiniLM, PyTorch and scikit-learn (accuracy in percent, chance 33):
// LP 69 on the test rows and 42 out of distribution; FT over 5 epochs (batch 16,
// rate 5e-5) 89 to 95 and 66.

const (
	toyTrainRows = 800
	toyTestRows  = 400
	toySeed      = 20240516
)

func toyTasks() []Task {
	toy := Task{
		ID: "toy", Name: "Toy", Suite: "built-in", Kind: "NLI",
		Classes: []string{"entailment", "contradiction", "neutral"}, folders: []string{},
	}
	ood := toy
	ood.ID, ood.Name, ood.TestOnly, ood.TrainedOn = "toy-ood", "Toy OOD", true, "toy"
	return []Task{toy, ood}
}

// toyData generates the built-in tasks; nil for all others. The rows are the same in every call.
func toyData(t *Task) *Data {
	if t.ID != "toy" && t.ID != "toy-ood" {
		return nil
	}
	d := &Data{Task: t, Source: "built-in generator"}
	g := &toyGenerator{random: rand.New(rand.NewPCG(toySeed, 1)), style: toyNear(), seen: map[string]bool{}}
	train, test := g.rows(toyTrainRows), g.rows(toyTestRows)
	if t.ID == "toy" {
		d.Train, d.Test = train, test
		return d
	}
	g.style = toyFar()
	d.Test = g.rows(toyTestRows)
	return d
}

// toyStyle is what a distribution of sentences is made of.
type toyStyle struct {
	people  []string
	deeds   []deed
	before  []string // openings, "" for none
	after   []string // endings, "" for none
	holds   []string // frames of which the clause holds
	fails   []string // frames of which it does not hold
	open    []string // frames that leave it open
	yes, no []string // forms of the hypothesis

	negated  float64 // share of negated hypotheses
	offTopic float64 // share of neutral pairs that speak of another deed
}

// deed is a verb phrase: base form, past (also the participle), and what it is done to.
type deed struct{ base, past, object string }

type toyGenerator struct {
	random *rand.Rand
	style  toyStyle
	seen   map[string]bool // pairs made so far
}

// rows makes n examples with classes in equal parts, in random order.
func (g *toyGenerator) rows(n int) []Example {
	out := make([]Example, 0, n)
	for len(out) < n {
		e := g.example(len(out) % 3)
		if key := e.A + "\n" + e.B; !g.seen[key] {
			g.seen[key] = true
			out = append(out, e)
		}
	}
	g.random.Shuffle(n, func(i, j int) { out[i], out[j] = out[j], out[i] })
	for i := range out {
		out[i].Row = i
	}
	return out
}

const (
	toyEntailment = iota
	toyContradiction
	toyNeutral
)

// example makes one pair with the given label.
func (g *toyGenerator) example(label int) Example {
	s := &g.style
	negated := g.random.Float64() < s.negated
	frames := s.open
	switch {
	case label == toyEntailment && !negated, label == toyContradiction && negated:
		frames = s.holds
	case label != toyNeutral:
		frames = s.fails
	}
	person, other := g.two(s.people)
	done := pick(g, s.deeds)
	asked := done
	if label == toyNeutral && g.random.Float64() < s.offTopic {
		for asked == done {
			asked = pick(g, s.deeds)
		}
		frames = pick(g, [][]string{s.holds, s.fails, s.open})
	}
	premise := fill(pick(g, frames), person, other, done)
	if opening := pick(g, s.before); opening != "" {
		premise = opening + ", " + premise
	}
	premise += pick(g, s.after)
	forms := s.yes
	if negated {
		forms = s.no
	}
	return Example{A: sentence(premise), B: sentence(fill(pick(g, forms), person, other, asked)), Pair: true, Label: label}
}

func (g *toyGenerator) two(people []string) (a, b string) {
	i := g.random.IntN(len(people))
	j := g.random.IntN(len(people) - 1)
	if j >= i {
		j++
	}
	return people[i], people[j]
}

func pick[T any](g *toyGenerator, list []T) T { return list[g.random.IntN(len(list))] }

// fill puts people and deed into a frame: {S} the person, {T} another, {do} the
// base form, {did} the past, both with the object.
func fill(frame, person, other string, d deed) string {
	return strings.NewReplacer("{S}", person, "{T}", other,
		"{do}", d.base+" "+d.object, "{did}", d.past+" "+d.object).Replace(frame)
}

// sentence starts with a capital and ends with a full stop.
func sentence(s string) string { return fmt.Sprintf("%s%s.", strings.ToUpper(s[:1]), s[1:]) }
