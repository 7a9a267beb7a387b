package task

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tablesOracle is what pandas, Python's csv and json and pyarrow read; see testdata/tables/make_tables.py. No rows
// stand for an error.
type tablesOracle struct {
	CSV, TSV []struct {
		Text        string
		Pandas, CSV [][]string
	}
	JSON []struct {
		Text  string
		Value *string
	}
	Parquet map[string][][]string
}

func readTablesOracle(t *testing.T) (o tablesOracle) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "tables", "oracle.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &o))
	return o
}

// rowsOf are the values of records in their order; flaws of null, half pairs and lists are spelled out.
func rowsOf(rs records) ([][]string, error) {
	rows := [][]string{}
	for r, err := range rs {
		if err != nil {
			return rows, err
		}
		row := []string{}
		for _, c := range r.values {
			text := c.text
			if c.flaw != "" && c.flaw != empty {
				text += strings.TrimPrefix(string(c.flaw), "a ") + "!"
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// filled are the rows without those of nothing but white space.
func filled(rows [][]string) [][]string {
	out := [][]string{}
	for _, row := range rows {
		if strings.TrimSpace(strings.Join(row, "")) != "" {
			out = append(out, row)
		}
	}
	return out
}

// A CSV file is read as Python's csv reads it, and pandas but for its faults after a CR alone, or refused.
func TestTablesCSV(t *testing.T) {
	read, apart := 0, 0
	for _, c := range readTablesOracle(t).CSV {
		rows, err := rowsOf(parseCSV("f.csv", c.Text, nil))
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			continue
		}
		read++
		want := c.CSV
		if want == nil {
			want = c.Pandas
		}
		require.NotEmpty(t, want, "read what nobody reads: %q", c.Text)
		require.Equal(t, want[1:], rows, "%q", c.Text)
		if c.Pandas != nil && !slices.EqualFunc(want, c.Pandas, slices.Equal) {
			require.Contains(t, strings.ReplaceAll(c.Text, "\r\n", ""), "\r")
			apart++
		}
	}
	require.Greater(t, read, 60)
	require.Less(t, apart, 8)
}

// The same for TSV, which is never quoted. Rows of white space are blank lines.
func TestTablesTSV(t *testing.T) {
	read := 0
	for _, c := range readTablesOracle(t).TSV {
		rows, err := rowsOf(parseTSV("f.tsv", c.Text, nil))
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			continue
		}
		read++
		if c.Pandas != nil {
			require.Equal(t, filled(c.Pandas[1:]), filled(rows), "%q", c.Text)
		}
	}
	require.Greater(t, read, 40)
}

// Half a surrogate pair is found where Python cannot write the text as UTF-8, and nowhere else.
func TestTablesJSON(t *testing.T) {
	for _, c := range readTablesOracle(t).JSON {
		for r, err := range parseJSONL("f.jsonl", c.Text) {
			require.NoError(t, err, c.Text)
			_, got, err := r.find("a")
			require.NoError(t, err)
			if c.Value == nil {
				require.Equal(t, half, got.flaw, c.Text)
				continue
			}
			require.Equal(t, cell{text: *c.Value}, got, c.Text)
		}
	}
}

// Parquet files of every codec, encoding and type that pyarrow writes for texts and labels.
func TestTablesParquet(t *testing.T) {
	want := readTablesOracle(t).Parquet
	require.Len(t, want, 31)
	for name, rows := range want {
		got, err := rowsOf(readParquet(filepath.Join("testdata", "tables", name+".parquet")))
		require.NoError(t, err, name)
		require.Equal(t, rows, got, name)
	}
	for name, column := range map[string]string{"list": "a", "struct": "s.a"} {
		for r := range readParquet(filepath.Join("testdata", "tables", name+".parquet")) {
			require.Equal(t, []string{column, "b"}, r.names, name)
		}
	}
}

// ownTask loads a task file of classes neg, pos on one file; more are further keys.
func ownTask(t *testing.T, file, content, more string) (*Data, error) {
	t.Helper()
	dir := tree(t, map[string]string{file: content, "t.json": fmt.Sprintf(
		`{"id": "own", "classes": ["neg", "pos"], "columns": {"a": "text", "label": "label"}, "files": {"test": %q}, "trained_on": "cb"%s}`, file, more)})
	return LoadFile(background, filepath.Join(dir, "t.json"), Options{})
}

// A file that is no table says what it is and what to do, in one line.
func TestForeignFiles(t *testing.T) {
	utf16 := func(text string, first int) string {
		out := make([]byte, 2*len(text))
		for i := range len(text) {
			out[2*i+first] = text[i]
		}
		return string(out)
	}
	table := "text\tlabel\nx\t1\n"
	for _, c := range []struct{ file, content, want string }{
		{"t.csv", "\xff\xfe" + utf16("text,label\nx,1\n", 0), "t.csv: the file is UTF-16, expected UTF-8: convert it, for example with iconv -f UTF-16LE"},
		{"t.tsv", "\xfe\xff" + utf16(table, 1), "UTF-16, expected UTF-8: convert it, for example with iconv -f UTF-16BE"},
		{"t.tsv", utf16(table, 0), "iconv -f UTF-16LE"},
		{"t.tsv", utf16(table, 1), "iconv -f UTF-16BE"},
		{"t.jsonl", "\xff\xfe\x00\x00{\x00\x00\x00", "UTF-32"},
		{"t.tsv", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "a git-lfs pointer, not the file itself: run git lfs pull"},
		{"t.parquet", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "not a parquet file but a git-lfs pointer"},
		{"t.csv", "\x1f\x8b\x08\x00", "compressed with gzip: unpack it with gunzip"},
		{"t.csv", "PK\x03\x04", "an Excel workbook"},
		{"t.csv", "PAR1....", `a parquet file: name it .parquet, or say "format": "parquet"`},
		{"t.tsv", "\n<!DOCTYPE html>\n<html>", "a web page"},
		{"t.tsv", "<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "the download failed, fetch the file again"},
		{"t.parquet", "text,label\nx,1\n", "not a parquet file: it does not begin with PAR1"},
		{"t.parquet", "PAR1" + strings.Repeat("x", 90), "torn parquet file: it does not end with PAR1"},
		{"t.parquet", "PAR1" + strings.Repeat("x", 90) + "\xf0\xff\xff\xffPAR1", "damaged parquet file: a footer of 4294967280 bytes in a file of 102"},
		{"t.parquet", "", "not a parquet file"},
		{"t.jsonl", `[{"text": "a", "label": 1}, {"text": "b", "label": 0}]`, "t.jsonl:1: not a JSON object: an array: write one object a line, for example with jq -c '.[]'"},
		{"t.jsonl", "{\n  \"text\": \"a\",\n", "t.jsonl:1: not a JSON object: the line ends too early: each object goes on one line, for example with jq -c ."},
		{"t.jsonl", `{"text": NaN, "label": 1}`, "NaN and Infinity, which Python writes for missing numbers, are not JSON: write null"},
		{"t.jsonl", `{"text": "a", "label": 1, "vector": [-Infinity]}`, "NaN and Infinity"},
		{"t.csv", "text;label\nx;1\n", "t.csv:2: no field text (there are text;label): the columns seem to be parted by semicolons"},
		{"t.csv", "text\tlabel\nx\t1\n", "parted by tabs"},
		{"t.tsv", "text\tlabel\na\rb\t1\n", "t.tsv:2: a carriage return within the line"},
		{"t.csv", "text,label\n\"a,1\n", "t.csv:2: the quotation mark that opens a field is never closed"},
		{"t.csv", "text,label\n\"a\" b,1\n", "t.csv:2: text after the quotation mark that closes a field"},
		{"t.csv", "text,label\na, b,1\n", "t.csv:2: 3 fields, expected 2 (text, label)"},
		{"t.jsonl", strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40), "objects within objects"},
	} {
		_, err := ownTask(t, c.file, c.content, "")
		require.ErrorContains(t, err, c.want)
		require.NotContains(t, err.Error(), "\n")
	}
}

// Labels that many files hold are explained.
func TestLabelAdvice(t *testing.T) {
	for label, want := range map[string]string{
		"-1": `label "-1" is not one of neg, pos (or 0 to 1): -1 marks rows without a label, as in the test files of GLUE and SuperGLUE`,
		"2":  `label "2" is not one of neg, pos (or 0 to 1): if the labels count from 1, give these numbers as "classes"`,
		"":   "label label is empty: expected one of neg, pos (or 0 to 1)",
	} {
		_, err := ownTask(t, "t.csv", "text,label\nx,"+label+"\n", "")
		require.ErrorContains(t, err, want)
	}
}

// A text that is missing or not whole is refused with its row in every format, unless the task file says otherwise.
func TestBadText(t *testing.T) {
	parquet, err := os.ReadFile(filepath.Join("testdata", "tables", "null.parquet")) // one, null, ""
	require.NoError(t, err)
	columns := `, "columns": {"a": "a", "label": "b"}`
	for name, c := range map[string]struct{ file, content, more, want, replaced string }{
		"CSV":       {"t.csv", "text,label\nx,1\n,1\n", "", "t.csv:3: field text is empty: expected a text", ""},
		"TSV":       {"t.tsv", "text\tlabel\nx\t1\n\t1\n", "", "t.tsv:3: field text is empty: expected a text", ""},
		"JSON null": {"t.jsonl", `{"text": "x", "label": 1}` + "\n" + `{"text": null, "label": 1}`, "", "t.jsonl:2: field text is null: expected a text", ""},
		"JSON half": {"t.jsonl", `{"text": "x", "label": 1}` + "\n" + `{"text": "a\ud83d!", "label": 1}`, "", "t.jsonl:2: field text is half a surrogate pair: expected a text", "a\uFFFD!"},
		"parquet":   {"t.parquet", string(parquet), columns, "t.parquet:2: field a is null: expected a text", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ownTask(t, c.file, c.content, c.more)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, `say "replace" or "skip" with "bad_text" in a task file`)
			d, err := ownTask(t, c.file, c.content, c.more+`, "bad_text": "replace"`)
			require.NoError(t, err)
			require.Equal(t, c.replaced, d.Test[1].A)
			skipped, err := ownTask(t, c.file, c.content, c.more+`, "bad_text": "skip"`)
			require.NoError(t, err)
			require.Len(t, skipped.Test, len(d.Test)-1)
			require.NotContains(t, skipped.Test, d.Test[1])
		})
	}
	_, err = ownTask(t, "t.jsonl", `{"text": ["a", "b"], "label": 1}`, `, "bad_text": "replace"`)
	require.ErrorContains(t, err, "t.jsonl:1: field text is a list: expected one text")
	d, err := ownTask(t, "t.jsonl", `{"text": "", "label": 1, "other": "\ud83d", "list": [{"text": null}]}`, "")
	require.NoError(t, err, "an empty JSON string is a text, and other columns do not matter")
	require.Empty(t, d.Test[0].A)
	d, err = ownTask(t, "t.csv", "text,label\nNA,1\nnull,0\n", "")
	require.NoError(t, err, "only pandas takes these words for missing values")
	require.Equal(t, "null", d.Test[1].A)
}

// A column's name as it is written wins; where none fits so, case and spaces do not matter; twice the same is refused.
func TestColumnNames(t *testing.T) {
	for name, c := range map[string]struct{ file, content, want string }{
		"CSV":            {"t.csv", "Text,text,label\nUPPER,lower,1\n", "lower"},
		"TSV":            {"t.tsv", "Text\ttext\tlabel\nUPPER\tlower\t1\n", "lower"},
		"JSON":           {"t.jsonl", `{"TEXT": "UPPER", "text": "lower", "label": 1}`, "lower"},
		"spaces":         {"t.csv", " text,text,label\nspace,plain,1\n", "plain"},
		"folded":         {"t.csv", " TEXT ,Label\nUPPER,1\n", "UPPER"},
		"nested":         {"t.jsonl", `{"meta": {"text": "in"}, "text": "out", "label": 1}`, "out"},
		"byte mark":      {"t.csv", "\uFEFFtext,label\nx,1\n", "x"},
		"index, no name": {"t.csv", ",text,label\n0,x,1\n", "x"},
	} {
		d, err := ownTask(t, c.file, c.content, "")
		require.NoError(t, err, name)
		require.Equal(t, c.want, d.Test[0].A, name)
	}
	for _, c := range []struct{ file, content, want string }{
		{"t.csv", "text,text,label\na,b,1\n", `t.csv:2: two fields fit the name text, "text" and "text": give one of them another name`},
		{"t.csv", "Text,TEXT,label\na,b,1\n", `two fields fit the name text, "Text" and "TEXT"`},
		{"t.jsonl", `{"text": "a", "text": "b", "label": 1}`, `two fields fit the name text`},
		{"t.csv", "text,label,Label,LABEL\na,1,0,0\n", ""},
	} {
		_, err := ownTask(t, c.file, c.content, "")
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, c.want)
	}
}

// What else GLUE, SuperGLUE and their users' files hold: long lines, line separators that are none, NUL, CRCRLF,
// old Macs' line ends, labels that are 1.0 or "1".
func TestAwkwardTexts(t *testing.T) {
	long := strings.Repeat("word ", 1<<18) + "end"
	for name, c := range map[string]struct{ file, content, want string }{
		"a line of a megabyte":    {"t.tsv", "text\tlabel\n" + long + "\t1\n", long},
		"a field of a megabyte":   {"t.csv", "text,label\n\"" + long + "\",1\n", long},
		"a string of a megabyte":  {"t.jsonl", `{"text": "` + long + `", "label": 1}`, long},
		"line separators":         {"t.jsonl", "{\"text\": \"a\u2028b\u2029c\u0085d\", \"label\": 1}\n", "a\u2028b\u2029c\u0085d"},
		"vertical tab, form feed": {"t.tsv", "text\tlabel\na\vb\fc\x1cd\t1\n", "a\vb\fc\x1cd"},
		"no-break spaces":         {"t.csv", "text,label\n\u00a0a\u00a0,1\n", "\u00a0a\u00a0"},
		"NUL":                     {"t.tsv", "text\tlabel\na\x00b\t1\n", "a\x00b"},
		"NUL escaped":             {"t.jsonl", `{"text": "a\u0000b", "label": 1}`, "a\x00b"},
		"CRLF in quotation marks": {"t.csv", "text,label\r\n\"one\r\ntwo\",1\r\n", "one\r\ntwo"},
		"a mark within a field":   {"t.csv", "text,label\n5\" disk,1\n", "5\" disk"},
		"converted twice":         {"t.tsv", "label\ttext\r\r\n1\ta\r\r\n", "a"},
		"old Mac, TSV":            {"t.tsv", "text\tlabel\rhello\t1\rx\t0\r", "hello"},
		"old Mac, CSV":            {"t.csv", "text,label\rhello,1\rx,0\r", "hello"},
		"old Mac, JSON":           {"t.jsonl", "{\"text\": \"hello\", \"label\": 1}\r{\"text\": \"x\", \"label\": 0}\r", "hello"},
		"a label of 1.0":          {"t.csv", "text,label\nx,1.0\n", "x"},
		"a label as text":         {"t.jsonl", `{"text": "x", "label": "1"}`, "x"},
		"a quotation mark opens":  {"t.tsv", "text\tlabel\n\"x\t1\ny\t0\n", "\"x"},
	} {
		d, err := ownTask(t, c.file, c.content, "")
		require.NoError(t, err, name)
		require.Equal(t, c.want, d.Test[0].A, name)
		require.Equal(t, 1, d.Test[0].Label, name)
	}
}
