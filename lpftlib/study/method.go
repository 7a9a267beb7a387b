package study

import "fmt"

// Method is a way to adapt the pre-trained model, in the paper's words.
type Method string

// The methods of the paper (docs/protocol.md, Methods).
const (
	Pretrained Method = "pretrained" // pre-trained encoder, random head
	LP         Method = "lp"         // linear probing: the head alone, by logistic regression
	FT         Method = "ft"         // fine-tuning from a random head
	LPFT       Method = "lpft"       // LP, then FT
	LoRA       Method = "lora"       // low-rank adaptation from a random head
	LPLoRA     Method = "lplora"     // LP, then LoRA
)

var titles = map[Method]string{Pretrained: "Pre-trained", LP: "LP", FT: "FT", LPFT: "LP-FT", LoRA: "LoRA", LPLoRA: "LP-LoRA"}

// Title is the method's name as the paper prints it.
func (m Method) Title() string { return titles[m] }

// ParseMethod reads a method's short name.
func ParseMethod(name string) (Method, error) {
	if _, ok := titles[Method(name)]; !ok {
		return "", fmt.Errorf("method %q is not known: there are pretrained, lp, ft, lpft, lora, lplora", name)
	}
	return Method(name), nil
}

// StartsFromLP tells whether the FT stage begins with a linear probe's head.
func (m Method) StartsFromLP() bool { return m == LPFT || m == LPLoRA }

// LowRank tells whether only low-rank factors and the head are trained.
func (m Method) LowRank() bool { return m == LoRA || m == LPLoRA }

// Trains tells whether the method has an FT stage.
func (m Method) Trains() bool { return m != Pretrained && m != LP }

// Rivals are the pairs of methods that differ in the head at the start of the FT stage only: from a random head, and from LP's.
func Rivals() [][2]Method { return [][2]Method{{FT, LPFT}, {LoRA, LPLoRA}} }

// Methods are all methods in the order of the paper's tables.
func Methods() []Method { return []Method{Pretrained, LP, FT, LoRA, LPFT, LPLoRA} }
