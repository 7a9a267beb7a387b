package backend

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"lpft/internal/fetch"
)

//go:embed cuda.txt
var cudaPins string

// cudaPlugin is the project whose wheel holds the plugin; the others hold libraries.
const cudaPlugin = "jax-cuda13-pjrt"

func installCUDA(ctx context.Context, tmp string, o InstallOptions) (string, error) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return "", fmt.Errorf("it is for linux on amd64, this is %s on %s", runtime.GOOS, runtime.GOARCH)
	}
	return installWheels(ctx, tmp, cudaPins, o)
}

// installWheels unpacks the wheels of a list into Dir/nvidia, where the plugin finds its
// libraries ($ORIGIN/../nvidia/…), and returns the plugin's path.
func installWheels(ctx context.Context, tmp, list string, o InstallOptions) (string, error) {
	made := filepath.Join(tmp, "made")
	lines := bufio.NewScanner(strings.NewReader(list))
	for lines.Scan() {
		line := strings.Fields(lines.Text())
		if len(line) != 3 || line[0] == "#" {
			continue
		}
		w := fetch.Wheel{Project: line[0], Version: line[1], Digest: line[2]}
		if err := unpackWheel(ctx, w, tmp, made, o); err != nil {
			return "", fmt.Errorf("%s: %w", w, err)
		}
	}
	const name = "pjrt_c_api_cuda_plugin.so"
	inside := filepath.Join(made, "nvidia", name)
	if err := os.Rename(filepath.Join(made, "xla_cuda_plugin.so"), inside); err != nil {
		return "", err
	}
	if err := checkFile(inside); err != nil {
		return "", err
	}
	// XLA looks for the assembler and the device library at these places of a CUDA folder.
	for _, folder := range []string{"bin", "nvvm"} {
		if err := os.Symlink(filepath.Join("cu13", folder), filepath.Join(made, "nvidia", folder)); err != nil {
			return "", err
		}
	}
	nvidia := filepath.Join(o.Dir, "nvidia")
	if err := os.RemoveAll(nvidia); err != nil { // an older one
		return "", err
	}
	return filepath.Join(nvidia, name), os.Rename(filepath.Join(made, "nvidia"), nvidia)
}

// unpackWheel fetches one wheel and unpacks what is wanted of it.
func unpackWheel(ctx context.Context, w fetch.Wheel, tmp, made string, o InstallOptions) error {
	dir := filepath.Join(tmp, "wheel")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file, err := w.Download(ctx, o.Python, dir, fetch.Patient, func(n int64) { o.Progress(w.String(), n, 0) })
	if err != nil {
		return err
	}
	if w.Project == cudaPlugin {
		return fetch.Unzip(file, "jax_plugins/xla_cuda13/", made)
	}
	return fetch.Unzip(file, "nvidia/", filepath.Join(made, "nvidia"))
}
