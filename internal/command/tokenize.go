package command

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"lpft/internal/surrogate"
	"lpft/lpftlib/tokenizer"
)

func tokenizeCommand() *cobra.Command {
	var model string
	var maxLen int
	cmd := &cobra.Command{
		Use:   "tokenize --model DIR",
		Short: "Token ids of the texts on standard input, one JSON line {\"a\": ..., \"b\": ...} each",
		Long: `Reads JSON lines {"a": "first text", "b": "second text"} from standard input and writes
one line {"ids": [...]} each, special tokens included, not padded. Without "b" the text is a
single one; with "b": "" it is a pair whose second text is empty. DIR needs only the
tokenizer's files.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkMaxLen(maxLen); err != nil {
				return err
			}
			tok, err := tokenizer.Load(model)
			if err != nil {
				return err
			}
			done := make(chan error, 1)
			go func() { done <- tokenizeLines(tok, maxLen, cmd.InOrStdin(), cmd.OutOrStdout()) }()
			select {
			case err := <-done:
				return err
			case <-cmd.Context().Done(): // a read from a terminal does not end by itself
				return errors.New("interrupted")
			}
		},
	}
	cmd.Flags().StringVar(&model, "model", "", "folder with the tokenizer's files")
	cmd.Flags().IntVar(&maxLen, "max-len", 128, "most tokens of a text, special tokens included")
	cmd.MarkFlagRequired("model")
	return cmd
}

func checkMaxLen(n int) error {
	if n < 1 {
		return fmt.Errorf("--max-len is %d: expected 1 or more", n)
	}
	return nil
}

// tokenizeLines encodes line by line. What is there to read is answered before it waits for
// more, so that another program can talk to it through pipes.
func tokenizeLines(tok *tokenizer.Tokenizer, maxLen int, in io.Reader, out io.Writer) error {
	w := bufio.NewWriterSize(out, 1<<16)
	r := newTextReader("standard input", in)
	for {
		text, err := r.next()
		if err != nil {
			flushed := w.Flush()
			if err == io.EOF {
				err = nil
			}
			return errors.Join(err, flushed)
		}
		line, err := json.Marshal(map[string][]int32{"ids": append([]int32{}, tok.Encode(text, maxLen).IDs...)})
		if err != nil {
			return err
		}
		w.Write(append(line, '\n')) // an error stays in w and comes back from Flush
		if r.idle() {
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
}

// textReader reads texts from JSON lines {"a": ..., "b": ...}.
type textReader struct {
	name string // of the source, for errors
	r    *bufio.Reader
	line int
}

func newTextReader(name string, r io.Reader) *textReader {
	return &textReader{name: name, r: bufio.NewReaderSize(r, 1<<16)}
}

// idle tells that the next line has yet to come from the source.
func (t *textReader) idle() bool { return t.r.Buffered() == 0 }

// maxLine bounds a line of input, in bytes: a device has no end.
const maxLine = 64 << 20

// readLine reads to the end of a line.
func (t *textReader) readLine() (line []byte, err error) {
	for {
		part, err := t.r.ReadSlice('\n')
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
		if len(line) > maxLine {
			return nil, fmt.Errorf("line %d has more than %d bytes: no text is so long", t.line+1, maxLine)
		}
	}
}

// next returns the next text, io.EOF after the last, or an error with the line's number.
func (t *textReader) next() (tokenizer.Text, error) {
	raw, err := t.readLine()
	if err == io.EOF && len(raw) > 0 {
		err = nil // the last line has no newline
	}
	if err != nil {
		if err != io.EOF {
			err = fmt.Errorf("%s: %w", t.name, err)
		}
		return tokenizer.Text{}, err
	}
	t.line++
	text, err := parseText(raw)
	if err != nil {
		return text, fmt.Errorf("%s:%d: %w; expected {\"a\": \"text\"} or {\"a\": \"text\", \"b\": \"second text\"}", t.name, t.line, err)
	}
	return text, nil
}

func parseText(raw []byte) (tokenizer.Text, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return tokenizer.Text{}, errors.New("empty line")
	}
	if !utf8.Valid(raw) { // the decoder would put U+FFFD in its place
		return tokenizer.Text{}, errors.New("not UTF-8: convert the file, for example with iconv -t UTF-8")
	}
	var line map[string]json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(raw))
	if err := dec.Decode(&line); err != nil {
		return tokenizer.Text{}, fmt.Errorf("not a line as it should be: %v", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return tokenizer.Text{}, errors.New("something follows the JSON object")
	}
	var fields struct{ a, b *string }
	for key, value := range line {
		into := map[string]**string{"a": &fields.a, "b": &fields.b}[key]
		if into == nil {
			return tokenizer.Text{}, fmt.Errorf("unknown key %q", key)
		}
		if err := json.Unmarshal(value, into); err != nil {
			return tokenizer.Text{}, fmt.Errorf("key %q: %v", key, err)
		}
		if surrogate.Half(string(value)) {
			return tokenizer.Text{}, fmt.Errorf("key %q holds half a surrogate pair, which is no character: mend the text", key)
		}
	}
	if fields.a == nil {
		return tokenizer.Text{}, errors.New(`key "a" is missing`)
	}
	text := tokenizer.Text{A: *fields.a, Pair: fields.b != nil}
	if fields.b != nil {
		text.B = *fields.b
	}
	return text, nil
}
