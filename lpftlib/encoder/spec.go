package encoder

import "fmt"

// Tensor names, without a checkpoint's prefix, as Hugging Face writes them.
const (
	WordEmbeddings     = "embeddings.word_embeddings.weight"       // [vocabulary, h]
	PositionEmbeddings = "embeddings.position_embeddings.weight"   // [positions, h]
	TypeEmbeddings     = "embeddings.token_type_embeddings.weight" // [types, h]
	embeddingNorm      = "embeddings.LayerNorm"
)

// TensorSpec is a tensor the encoder needs.
type TensorSpec struct {
	Name  string
	Shape []int
}

// Specs lists the encoder's tensors in the order of the forward pass. Dense weights are
// [out, in], as Hugging Face stores them.
func (c *Config) Specs() []TensorSpec {
	h, ffn := c.Hidden, c.Intermediate
	specs := []TensorSpec{
		{WordEmbeddings, []int{c.VocabSize, h}},
		{PositionEmbeddings, []int{c.MaxPositions, h}},
		{TypeEmbeddings, []int{c.TypeVocab, h}},
	}
	norm := func(name string) {
		specs = append(specs, TensorSpec{name + ".weight", []int{h}}, TensorSpec{name + ".bias", []int{h}})
	}
	dense := func(name string, in, out int) {
		specs = append(specs, TensorSpec{name + ".weight", []int{out, in}}, TensorSpec{name + ".bias", []int{out}})
	}
	norm(embeddingNorm)
	for i := range c.Layers {
		for _, part := range []string{"query", "key", "value"} {
			dense(Layer(i, "attention.self."+part), h, h)
		}
		dense(Layer(i, "attention.output.dense"), h, h)
		norm(Layer(i, "attention.output.LayerNorm"))
		dense(Layer(i, "intermediate.dense"), h, ffn)
		dense(Layer(i, "output.dense"), ffn, h)
		norm(Layer(i, "output.LayerNorm"))
	}
	return specs
}

// Layer is the name of a part of block i: Layer(0, "attention.self.query").
func Layer(i int, part string) string { return fmt.Sprintf("encoder.layer.%d.%s", i, part) }

// NumParameters counts the encoder's parameters, embeddings included.
func (c *Config) NumParameters() int {
	n := 0
	for _, s := range c.Specs() {
		n += product(s.Shape)
	}
	return n
}

func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}
