package backend

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/gomlx/go-xla/pjrt"

	"lpft/internal/fetch"
)

// InstallOptions say from where to where a plugin is installed.
type InstallOptions struct {
	Dir      string                         // "": ~/.local/lib/go-xla, where every GoMLX program looks
	Python   string                         // cuda: the Python whose pip fetches the wheels; "": python3
	From     string                         // cpu: an address or a file instead of go-xla's release
	Digest   string                         // cpu: SHA-256 that the archive must have; "": the one that the release states
	Progress func(what string, bytes int64) // told how a download goes; may be nil

	releases string // address of the releases' descriptions; "": go-xla's
}

// Install fetches the plugin of "cpu" or "cuda" and returns its path. Everything is checked
// against a digest before it is unpacked; nothing is put in place before all of it is there, and
// the processor's plugin not before it has computed something.
//
//   - cpu: the release that go-xla was tested with, from its page on GitHub;
//   - cuda: the PyPI wheel jax-cuda13-pjrt and NVIDIA's library wheels, pinned in cuda.txt.
func Install(ctx context.Context, kind string, o InstallOptions) (string, error) {
	install := map[string]func(context.Context, string, InstallOptions) (string, error){"cpu": installCPU, "cuda": installCUDA}[kind]
	if install == nil {
		return "", fmt.Errorf("plugin %q: %w: there are cpu and cuda; the go engine is built in", kind, ErrUnknown)
	}
	if o.Dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		o.Dir = filepath.Join(home, ".local", "lib", "go-xla")
	}
	if o.Progress == nil {
		o.Progress = func(string, int64) {}
	}
	path, err := locked(ctx, o.Dir, func(tmp string) (string, error) { return install(ctx, tmp, o) })
	if err != nil {
		return "", fmt.Errorf("xla:%s cannot be installed: %w", kind, err)
	}
	return path, nil
}

// locked runs work with an empty folder inside dir, one process at a time.
func locked(ctx context.Context, dir string, work func(tmp string) (string, error)) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	lock := flock.New(filepath.Join(dir, ".install.lock"))
	if _, err := lock.TryLockContext(ctx, 200*time.Millisecond); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	defer func() { _ = lock.Unlock() }()
	tmp, err := os.MkdirTemp(dir, ".part-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	return work(tmp)
}

// release is what GitHub's interface says of a release.
type release struct {
	Assets []struct {
		Name   string
		URL    string `json:"browser_download_url"`
		Digest string // "sha256:…"
	}
}

const cpuReleases = "https://api.github.com/repos/gomlx/pjrt-cpu-binaries/releases/tags/"

func installCPU(ctx context.Context, tmp string, o InstallOptions) (string, error) {
	archive, err := cpuArchive(ctx, tmp, o)
	if err != nil {
		return "", fmt.Errorf("%w; where the network cannot reach it, fetch %s of https://github.com/gomlx/pjrt-cpu-binaries/releases/tag/%s elsewhere and give it with --from FILE --sha256 DIGEST",
			err, cpuAsset(), pjrt.DefaultCPUVersion)
	}
	files := filepath.Join(tmp, "files")
	if err := fetch.Untar(archive, files); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(files)
	if err != nil {
		return "", err
	}
	plugin := ""
	for _, entry := range entries {
		if found := pluginName.FindStringSubmatch(entry.Name()); found != nil && found[1] == "cpu" {
			plugin = entry.Name()
		}
	}
	if plugin == "" {
		return "", fmt.Errorf("%s holds no plugin (pjrt_c_api_cpu_…_plugin.so)", archive)
	}
	inside := filepath.Join(files, plugin)
	if err := checkFile(inside); err != nil {
		return "", err
	}
	if err := probe(inside, request{engine: "xla:cpu", device: -1}.config(inside)); err != nil {
		return "", err
	}
	for _, entry := range entries {
		if err := os.Rename(filepath.Join(files, entry.Name()), filepath.Join(o.Dir, entry.Name())); err != nil {
			return "", err
		}
	}
	return filepath.Join(o.Dir, plugin), nil
}

func cpuAsset() string { return fmt.Sprintf("pjrt_cpu_%s_%s.tar.gz", runtime.GOOS, runtime.GOARCH) }

// cpuArchive brings the archive with the plugin: the user's own, or the release's.
func cpuArchive(ctx context.Context, tmp string, o InstallOptions) (string, error) {
	from, digest := o.From, o.Digest
	if from == "" {
		url, stated, err := lookUp(ctx, o)
		if err != nil {
			return "", err
		}
		from = url
		if digest == "" {
			digest = stated
		}
	}
	if digest == "" {
		return "", errors.New("no SHA-256 to check it against: give it with --sha256")
	}
	if !strings.Contains(from, "://") {
		return from, fetch.CheckDigest(from, digest)
	}
	file := filepath.Join(tmp, cpuAsset())
	return file, fetch.Get(ctx, from, digest, file, func(n int64) { o.Progress(cpuAsset(), n) })
}

// lookUp asks for the address and the digest of this machine's archive.
func lookUp(ctx context.Context, o InstallOptions) (url, digest string, err error) {
	address := cpuReleases
	if o.releases != "" {
		address = o.releases
	}
	body, err := fetch.Open(ctx, address+pjrt.DefaultCPUVersion)
	if err != nil {
		return "", "", err
	}
	defer body.Close()
	var r release
	if err := json.NewDecoder(io.LimitReader(body, 1<<20)).Decode(&r); err != nil {
		return "", "", fmt.Errorf("%s%s: %w", address, pjrt.DefaultCPUVersion, err)
	}
	var names []string
	for _, asset := range r.Assets {
		if asset.Name == cpuAsset() {
			return asset.URL, strings.TrimPrefix(asset.Digest, "sha256:"), nil
		}
		names = append(names, asset.Name)
	}
	return "", "", fmt.Errorf("release %s has no %s, but %s", pjrt.DefaultCPUVersion, cpuAsset(), strings.Join(names, ", "))
}

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
	file, err := w.Download(ctx, o.Python, dir, fetch.Patient, func(n int64) { o.Progress(w.String(), n) })
	if err != nil {
		return err
	}
	if w.Project == cudaPlugin {
		return fetch.Unzip(file, "jax_plugins/xla_cuda13/", made)
	}
	return fetch.Unzip(file, "nvidia/", filepath.Join(made, "nvidia"))
}
