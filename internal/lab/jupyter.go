package lab

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// kernelSpec is Jupyter's kernel.json.
type kernelSpec struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"`
}

// kernelSpec describes the kernel. Jupyter puts the connection file's path into argv and
// expands ${PATH}. Interrupts go as messages; a signal to the kernel does the same.
func (e *Env) kernelSpec(goarch string) kernelSpec {
	env := map[string]string{
		"PATH":                  e.path("bin") + string(os.PathListSeparator) + "${PATH}",
		"GOMLX_NO_AUTO_INSTALL": "1", // never download an engine behind the user's back
	}
	if goarch == "amd64" {
		env["GOEXPERIMENT"] = "simd" // the pure-Go engine is seven times slower without
	}
	return kernelSpec{
		Argv:          []string{e.path("bin", "lpft-kernel"), "-work", e.ModuleRoot, "-home", e.Home, "{connection_file}"},
		DisplayName:   KernelTitle,
		Language:      "go",
		InterruptMode: "message",
		Env:           env,
	}
}

// labConfig keeps JupyterLab quiet and local: this kernel only, no news, no update checks, no extension shop.
var labConfig = map[string]any{
	"KernelSpecManager": map[string]any{"ensure_native_kernel": false, "allowed_kernelspecs": []string{KernelName}},
	"LabApp": map[string]any{
		"news_url": nil, "check_for_updates_class": "jupyterlab.NeverCheckForUpdate", "extension_manager": "readonly",
	},
	"LanguageServerManager": map[string]any{"autodetect": false}, // it would run npm, which writes into the user's home
	"MultiKernelManager":    map[string]any{"default_kernel_name": KernelName},
	"ServerApp":             map[string]any{"answer_yes": true, "port_retries": 0},
}

// pageConfig switches off the question whether to fetch news.
var pageConfig = map[string]any{
	"disabledExtensions": map[string]bool{"@jupyterlab/apputils-extension:announcements": true},
}

// writeJupyter writes the kernel's description and Jupyter's configuration.
func (e *Env) writeJupyter() error {
	files := map[string]any{
		e.path("jupyter", "kernels", KernelName, "kernel.json"):      e.kernelSpec(runtime.GOARCH),
		e.path("jupyter", "config", "jupyter_lab_config.json"):       labConfig,
		e.path("jupyter", "config", "labconfig", "page_config.json"): pageConfig,
	}
	for file, content := range files {
		if err := writeJSON(file, content); err != nil {
			return err
		}
	}
	return nil
}

// writeJSON writes a file unless it holds just this already.
func writeJSON(file string, content any) error {
	text, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return err
	}
	if old, err := os.ReadFile(file); err == nil && string(old) == string(text) {
		return nil
	}
	return writeFile(file, text, 0o644)
}

// environ is the environment of Jupyter and, through it, of every cell: the caller's own,
// with Jupyter's folders below home and more (KEY=value) on top. A cell runs in the
// notebook's folder, so folders that the user named relative to this one are made absolute.
func (e *Env) environ(more ...string) []string {
	env := slices.Clone(os.Environ())
	for i, kv := range env {
		key, value, _ := strings.Cut(kv, "=")
		if value != "" && slices.Contains([]string{"LPFT_DATA", "LPFT_MODELS", "LPFT_HOME"}, key) {
			if abs, err := filepath.Abs(value); err == nil {
				env[i] = key + "=" + abs
			}
		}
	}
	env = append(env,
		"JUPYTER_PATH="+e.path("jupyter"),
		"JUPYTER_CONFIG_DIR="+e.path("jupyter", "config"),
		"JUPYTER_DATA_DIR="+e.path("jupyter", "data"),
		"JUPYTER_RUNTIME_DIR="+e.path("jupyter", "runtime"),
		"IPYTHONDIR="+e.path("jupyter", "ipython"),
		"PYTHONNOUSERSITE=1",
		"PYTHONUNBUFFERED=1",
		"PYTHONDONTWRITEBYTECODE=1",
	)
	return append(env, more...)
}
