package task

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// collect turns records into maps; it stops at the first error.
func collect(rs records) (rows []map[string]string, places []int, err error) {
	for r, err := range rs {
		if err != nil {
			return rows, places, err
		}
		m := map[string]string{}
		for i, name := range r.names {
			m[name] = r.values[i].text
			if flaw := r.values[i].flaw; flaw != "" && flaw != empty {
				m[name] += "!" + string(flaw)
			}
		}
		rows, places = append(rows, m), append(places, r.line)
	}
	return rows, places, nil
}

func TestTSVIsNeverQuoted(t *testing.T) {
	const text = "\uFEFFText\tLabel\r\n\"open \"\"and\t1\r\n\r\n \t \r\nclose\"\t0\r\n 'x' , y \t2"
	rows, places, err := collect(parseTSV("f.tsv", text, nil))
	require.NoError(t, err)
	require.Equal(t, []map[string]string{
		{"Text": `"open ""and`, "Label": "1"}, {"Text": `close"`, "Label": "0"}, {"Text": " 'x' , y ", "Label": "2"}}, rows)
	require.Equal(t, []int{2, 5, 6}, places, "lines of the file, blank ones counted")
}

func TestTSVWithoutHeader(t *testing.T) {
	rows, _, err := collect(parseTSV("f.tsv", "gj04\t1\t\tA \"quoted\" word.\nbc01\t0\t*\tHim saw.", colaFiles.header))
	require.NoError(t, err)
	require.Equal(t, `A "quoted" word.`, rows[0]["sentence"])
	require.Equal(t, map[string]string{"source": "bc01", "label": "0", "mark": "*", "sentence": "Him saw."}, rows[1])
}

func TestTSVColumnCount(t *testing.T) {
	_, _, err := collect(parseTSV("dir/f.tsv", "a\tb\n1\t2\n\n1\t2\t3\n", nil))
	require.EqualError(t, err, "dir/f.tsv:4: 3 columns, expected 2 (a, b), separated by tabs")
}

func TestCSVIsQuoted(t *testing.T) {
	rows, places, err := collect(parseCSV("f.csv", "\uFEFFa,b\r\n\"one, \"\"two\"\"\nthree\",1\r\nfour,2", nil))
	require.NoError(t, err)
	require.Equal(t, []map[string]string{{"a": "one, \"two\"\nthree", "b": "1"}, {"a": "four", "b": "2"}}, rows)
	require.Equal(t, []int{2, 4}, places)
	_, _, err = collect(parseCSV("f.csv", "a,b\n1\n", nil))
	require.EqualError(t, err, "f.csv:2: 1 fields, expected 2 (a, b), separated by commas; a text with a comma or a line end in it goes between quotation marks")
	_, _, err = collect(parseCSV("f.csv", "1,2,3\n", []string{"a", "b"}))
	require.ErrorContains(t, err, "f.csv:1: 3 fields, expected 2 (a, b)")
}

func TestJSONL(t *testing.T) {
	const text = "\uFEFF{\"text\": \"a\\tb \\u00e9\", \"idx\": {\"p\": 3, \"q\": 4}, \"label\": false, \"n\": 1.50, \"list\": [1], \"none\": null}\r\n\n{\"label\": true}"
	rows, places, err := collect(parseJSONL("f.jsonl", text))
	require.NoError(t, err)
	require.Equal(t, []map[string]string{
		{"text": "a\tb é", "idx.p": "3", "idx.q": "4", "label": "False", "n": "1.50", "list": "!a list", "none": "!null"}, {"label": "True"}}, rows)
	require.Equal(t, []int{1, 3}, places)
	for text, want := range map[string]string{
		"{\"a\": 1}\n{\"a\": ":     "f.jsonl:2: not a JSON object: the line ends too early",
		"[1]":                      "f.jsonl:1: not a JSON object: an array: write one object a line, for example with jq -c '.[]'",
		"null":                     "f.jsonl:1: not a JSON object: null",
		"{\"a\": 1} {\"a\": 2}":    "f.jsonl:1: not a JSON object: more after the object",
		"{\"a\": 1}\n\n{\"a\": x}": "f.jsonl:3: not a JSON object: invalid character 'x'",
	} {
		_, _, err := collect(parseJSONL("f.jsonl", text))
		require.ErrorContains(t, err, want)
	}
}

func TestAbstracts(t *testing.T) {
	const text = "###24293578\r\nOBJECTIVE\tTo see @ weeks .\r\nMETHODS\tA total of @ .\r\n\r\n###24854809\r\nRESULTS\t\"Quoted\ttab\" .\r\n\r\n"
	rows, places, err := collect(parseAbstracts("dev.txt", text))
	require.NoError(t, err)
	require.Len(t, rows, 3)
	require.Equal(t, map[string]string{"abstract_id": "24854809", "label": "RESULTS", "text": "\"Quoted\ttab\" ."}, rows[2])
	require.Equal(t, []int{2, 3, 6}, places)
	_, _, err = collect(parseAbstracts("dev.txt", "###1\nMETHODS no tab\n"))
	require.EqualError(t, err, "dev.txt:2: no tab, expected LABEL<tab>sentence or ###id")
}

// TestLower compares with Python 3.11's str.lower on the characters where simple mapping differs.
func TestLower(t *testing.T) {
	for in, want := range map[string]string{
		"IL-@ AND Β-CELLS": "il-@ and β-cells", "ΟΔΟΣ ΣΑΣ": "οδος σας", "İ": "i̇", "ẞß": "ßß", "K Å": "k å", "Σ": "σ", "ΑΣ-@": "ας-@",
	} {
		require.Equal(t, want, lower(in), in)
	}
}

// TestReadersStop checks that a consumer may leave early.
func TestReadersStop(t *testing.T) {
	for name, rs := range map[string]records{
		"tsv": parseTSV("f", "a\n1\n2\n", nil), "csv": parseCSV("f", "a\n1\n2\n", nil),
		"jsonl": parseJSONL("f", "{}\n{}\n"), "pubmed": parseAbstracts("f", "A\tb\nA\tc\n"),
	} {
		n := 0
		for range rs {
			n++
			break
		}
		require.Equal(t, 1, n, name)
	}
}

// fuzzParser checks what must hold for any text: no panic, rows numbered from 0
// without gaps, lines rising and inside the text, as many values as names, nothing after an error.
func fuzzParser(f *testing.F, parse func(text string) records) {
	f.Fuzz(func(t *testing.T, text string) {
		row, line, failed := 0, 0, false
		for r, err := range parse(text) {
			if failed {
				t.Fatal("a record after an error")
			}
			if failed = err != nil; failed {
				continue
			}
			if r.row != row || r.line <= line || r.line > lineEnds(text)+1 || len(r.names) != len(r.values) {
				t.Fatalf("row %d (expected %d) line %d after %d, %d names, %d values", r.row, row, r.line, line, len(r.names), len(r.values))
			}
			row, line = row+1, r.line
		}
	})
}

func FuzzTSV(f *testing.F) {
	for _, s := range []string{"", "a\tb\n1\t2\n", "\uFEFFa\r\n\"x\r\n\r\n", "a\tb\n1\n", "\n\n\t\n"} {
		f.Add(s)
	}
	fuzzParser(f, func(text string) records { return parseTSV("f", text, nil) })
}

func FuzzJSONL(f *testing.F) {
	for _, s := range []string{"", "{}\n", `{"a": {"b": [1, {"c": 2}]}, "label": true}`, "{\"a\"", "nul", "{}{}", "\uFEFF{}\r\n"} {
		f.Add(s)
	}
	fuzzParser(f, func(text string) records { return parseJSONL("f", text) })
}

func FuzzAbstracts(f *testing.F) {
	for _, s := range []string{"", "###1\nMETHODS\tx .\n\n", "###", "METHODS", "\t\r\n###\t\n"} {
		f.Add(s)
	}
	fuzzParser(f, func(text string) records { return parseAbstracts("f", text) })
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"", "a,b\n1,2\n", "\"a\"\n\"x\ny\"\n", "a\n\"\n"} {
		f.Add(s)
	}
	fuzzParser(f, func(text string) records { return parseCSV("f", text, nil) })
}

func BenchmarkTSV(b *testing.B) {
	text := "sentence\tlabel\n" + strings.Repeat("hide new secretions from the parental units \t0\n", 67349)
	task, err := Get("sst2")
	require.NoError(b, err)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := examples(task, parseTSV("f", text, nil)); err != nil {
			b.Fatal(err)
		}
	}
}
