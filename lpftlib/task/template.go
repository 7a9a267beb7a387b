package task

// template makes the texts of an example from a record.
type template struct {
	pair  bool
	texts func(record) (a, b string, err error)
	label []string // fields that may hold the label; nil: "label"
}

func (t template) apply(r record) (a, b string, err error) { return t.texts(r) }

func (t template) labels() []string {
	if t.label == nil {
		return []string{"label"}
	}
	return t.label
}

// single takes one text from the first of the fields that is there.
func single(fields ...string) template {
	return template{texts: func(r record) (string, string, error) {
		a, err := r.text(fields...)
		return a, "", err
	}}
}

// pair takes two texts; a and b name the fields each may be in.
func pair(a, b []string) template {
	return template{pair: true, texts: func(r record) (string, string, error) {
		first, err := r.text(a...)
		if err != nil {
			return "", "", err
		}
		second, err := r.text(b...)
		return first, second, err
	}}
}

// wic asks its question after both sentences, all in one text.
var wic = template{texts: func(r record) (string, string, error) {
	var v [3]string
	for i, name := range []string{"sentence1", "sentence2", "word"} {
		var err error
		if v[i], err = r.text(name); err != nil {
			return "", "", err
		}
	}
	return v[0] + " " + v[1] + " Does " + v[2] + " have the same meaning in both sentences?", "", nil
}}

// wsc puts the pronoun before the whole text and compares with the candidate.
// The original files nest the spans in "target", the Hub has them flat.
var wsc = template{pair: true, texts: func(r record) (string, string, error) {
	pronoun, err := r.text("target.span2_text", "span2_text")
	if err != nil {
		return "", "", err
	}
	text, err := r.text("text")
	if err != nil {
		return "", "", err
	}
	candidate, err := r.text("target.span1_text", "span1_text")
	return pronoun + ": " + text, candidate, err
}}
