package report

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Folders are hidden wherever a path stands, and nothing else is touched.
func TestPrivate(t *testing.T) {
	p := hiding(map[string]string{"~": "/home/ada", "$LPFT_HOME": "/home/ada/.cache/lpft", "/": "/", "none": ""})
	for text, want := range map[string]string{
		"model from /home/ada/models/m":                     "model from ~/models/m",
		"\"/home/ada/.cache/lpft/store\"":                   "\"$LPFT_HOME/store\"",
		"/home/ada":                                         "~",
		"/home/ada:/home/ada;file:///home/ada/y":            "~:~;file://~/y",
		"<td>/home/ada</td> file:/home/ada/x":               "<td>~</td> file:~/x",
		"/home/adam and /srv/home/ada and ../home/ada stay": "/home/adam and /srv/home/ada and ../home/ada stay",
		"/tmp/x stays":                                      "/tmp/x stays",
	} {
		require.Equal(t, want, p.clean(text))
	}
}

// Neither the page nor a table nor a copied notebook shows where its maker lives.
func TestReportShowsNoHomeFolder(t *testing.T) {
	home, out := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("LPFT_HOME", filepath.Join(home, "cache"))
	notebook := filepath.Join(home, "cache", "table1.ipynb")
	require.NoError(t, os.MkdirAll(filepath.Dir(notebook), 0o755))
	require.NoError(t, os.WriteFile(notebook, []byte(`{"text": "read `+home+`/data/x and `+notebook+`"}`), 0o644))
	r := &Report{Title: "t", Profile: "demo", Items: []Item{{ID: "table1", Title: "Table 1", NotebookPath: notebook,
		Provenance: []KeyValue{{"data", "folder " + home + "/data"}, {"model", filepath.Join(home, "cache", "models")}},
		Tables:     []Table{{Caption: "from " + home + "/data", Columns: []string{"x"}, Rows: []Row{{Cells: []Cell{{Ours: "1"}}}}}}}}}
	require.NoError(t, Write(out, r))
	require.NoError(t, filepath.WalkDir(out, func(path string, d os.DirEntry, err error) error {
		require.NoError(t, err)
		if d.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotContains(t, string(text), home, path)
		return nil
	}))
	page, err := os.ReadFile(filepath.Join(out, "index.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), "folder ~/data")
	require.Contains(t, string(page), "$LPFT_HOME/models")
}
