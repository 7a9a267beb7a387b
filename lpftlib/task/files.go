package task

import (
	"fmt"

	"lpft/internal/plainfile"
)

// format says how the rows of a file are written.
type format string

const (
	tsv         format = "tsv"     // tab-separated, never quoted
	csvFile     format = "csv"     // comma-separated, quoted as RFC 4180 says
	jsonl       format = "jsonl"   // one JSON object a line
	parquetFile format = "parquet" // Apache Parquet
	abstracts   format = "pubmed"  // PubMed-RCT's own text form
)

// fileSet names the files of a data set. Without val the validation rows are split off train.
type fileSet struct {
	format           format
	header           []string // column names, for files without a header line
	train, val, test string   // file names; "" where there is none
}

// names lists the files that must be there.
func (s fileSet) names() []string {
	var names []string
	for _, n := range []string{s.train, s.val, s.test} {
		if n != "" {
			names = append(names, n)
		}
	}
	return names
}

// read opens a file in the set's format.
func (s fileSet) read(path string) (records, error) {
	if s.format == parquetFile {
		return readParquet(path), nil
	}
	data, err := plainfile.Read(path, plainfile.Table)
	if err != nil {
		return nil, err
	}
	if err := notText(path, data); err != nil {
		return nil, err
	}
	switch s.format {
	case tsv:
		return parseTSV(path, string(data), s.header), nil
	case csvFile:
		return parseCSV(path, string(data), s.header), nil
	case jsonl:
		return parseJSONL(path, string(data)), nil
	case abstracts:
		return parseAbstracts(path, string(data)), nil
	}
	return nil, fmt.Errorf("%s: format %q is not known", path, s.format)
}

// split reads one file as examples; an empty split is an error.
func (s fileSet) split(t *Task, path string) ([]Example, error) {
	rs, err := s.read(path)
	if err != nil {
		return nil, err
	}
	list, err := examples(t, rs)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: no rows, expected at least one example", path)
	}
	return list, nil
}

// load reads all files; place says where a file of the set lies.
func (s fileSet) load(t *Task, place func(name string) string) (*Data, error) {
	d := &Data{Task: t, StandIn: t.StandIn != ""}
	for _, part := range []struct {
		name string
		into *[]Example
	}{{s.train, &d.Train}, {s.val, &d.Val}, {s.test, &d.Test}} {
		if part.name == "" {
			continue
		}
		var err error
		if *part.into, err = s.split(t, place(part.name)); err != nil {
			return nil, err
		}
	}
	return d, nil
}
