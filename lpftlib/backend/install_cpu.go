package backend

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"lpft/internal/fetch"
)

// FromRelease, as InstallOptions.From, takes go-xla's own release instead of the wheel.
const FromRelease = "release"

// releaseVersion is the release of the processor's plugin that go-xla v0.3.0 was tested with.
const releaseVersion = "v0.104.0"

const cpuReleases = "https://api.github.com/repos/gomlx/pjrt-cpu-binaries/releases/tags/"

//go:embed cpu.txt
var cpuPins string

// pinnedCPU is the wheel with the processor's plugin.
type pinnedCPU struct {
	fetch.Wheel
	bytes   int64  // of the wheel
	library string // its path in the wheel
	digest  string // SHA-256 of the library
}

// cpuWheel reads cpu.txt, which has one line that is no comment.
func cpuWheel() (pinnedCPU, error) {
	for line := range strings.Lines(cpuPins) {
		f := strings.Fields(line)
		if len(f) != 6 || f[0] == "#" {
			continue
		}
		size, err := strconv.ParseInt(f[3], 10, 64)
		return pinnedCPU{fetch.Wheel{Project: f[0], Version: f[1], Digest: f[2]}, size, f[4], f[5]}, err
	}
	return pinnedCPU{}, errors.New("cpu.txt names no wheel")
}

// hasWheel tells whether the pinned wheel is for this system at all.
func hasWheel() bool { return runtime.GOOS == "linux" && runtime.GOARCH == "amd64" }

func installCPU(ctx context.Context, tmp string, o InstallOptions) (string, error) {
	files := filepath.Join(tmp, "files")
	if o.From == "" && hasWheel() {
		if err := unpackCPUWheel(ctx, tmp, files, o); err != nil {
			return "", err
		}
		return putInPlace(files, o.Dir)
	}
	archive, err := cpuArchive(ctx, tmp, o)
	if err != nil {
		return "", fmt.Errorf("%w; where the network cannot reach it, fetch %s of https://github.com/gomlx/pjrt-cpu-binaries/releases/tag/%s elsewhere and give it with --from FILE --sha256 DIGEST",
			err, cpuAsset(), releaseVersion)
	}
	if err := fetch.Untar(archive, files); err != nil {
		return "", err
	}
	return putInPlace(files, o.Dir)
}

// unpackCPUWheel fetches the pinned wheel, and leaves its library in files under a plugin's name.
func unpackCPUWheel(ctx context.Context, tmp, files string, o InstallOptions) error {
	if err := checkLibc(); err != nil {
		return err
	}
	w, err := cpuWheel()
	if err != nil {
		return err
	}
	dir := filepath.Join(tmp, "wheel")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	file, err := w.Download(ctx, o.Python, dir, o.Patience, func(n int64) { o.Progress(w.String(), min(n, w.bytes), w.bytes) })
	if err != nil {
		return fmt.Errorf("%s: %w", w, err)
	}
	folder, library := filepath.Split(w.library)
	unpacked := filepath.Join(tmp, "unpacked")
	if err := fetch.Unzip(file, folder, unpacked); err != nil {
		return err
	}
	if err := os.Mkdir(files, 0o755); err != nil {
		return err
	}
	plugin := filepath.Join(files, "pjrt_c_api_cpu_plugin.so")
	if err := os.Rename(filepath.Join(unpacked, library), plugin); err != nil {
		return err
	}
	return fetch.CheckDigest(plugin, w.digest)
}

// putInPlace tries the plugin among files and moves it with its libraries to dir, in the place of an older one.
func putInPlace(files, dir string) (string, error) {
	entries, err := os.ReadDir(files)
	if err != nil {
		return "", err
	}
	isPlugin := func(e os.DirEntry) bool {
		found := pluginName.FindStringSubmatch(e.Name())
		return found != nil && found[1] == "cpu"
	}
	at := slices.IndexFunc(entries, isPlugin)
	if at < 0 {
		return "", fmt.Errorf("%s holds no plugin (pjrt_c_api_cpu_…_plugin.so)", files)
	}
	inside := filepath.Join(files, entries[at].Name())
	if err := checkFile(inside); err != nil {
		return "", err
	}
	if err := runTrial(inside, request{engine: "xla:cpu", device: -1}.config(inside)); err != nil {
		return "", err
	}
	older, _ := os.ReadDir(dir)
	for _, e := range older {
		if isPlugin(e) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return "", err
			}
		}
	}
	for _, e := range entries {
		if err := os.Rename(filepath.Join(files, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, entries[at].Name()), nil
}

func cpuAsset() string { return fmt.Sprintf("pjrt_cpu_%s_%s.tar.gz", runtime.GOOS, runtime.GOARCH) }

// cpuArchive brings the archive with the plugin: the user's own, or the release's.
func cpuArchive(ctx context.Context, tmp string, o InstallOptions) (string, error) {
	from, digest := o.From, o.Digest
	if from == "" || from == FromRelease {
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
	return file, fetch.Get(ctx, from, digest, file, func(n int64) { o.Progress(cpuAsset(), n, 0) })
}

// release is what GitHub's interface says of a release.
type release struct {
	Assets []struct {
		Name   string
		URL    string `json:"browser_download_url"`
		Digest string // "sha256:…"
	}
}

// lookUpPatience is how long the interface may take for its whole answer.
const lookUpPatience = 30 * time.Second

// lookUp asks for the address and the digest of this machine's archive.
func lookUp(ctx context.Context, o InstallOptions) (url, digest string, err error) {
	address := cpuReleases
	if o.releases != "" {
		address = o.releases
	}
	ctx, cancel := context.WithTimeout(ctx, lookUpPatience)
	defer cancel()
	body, err := fetch.Open(ctx, address+releaseVersion)
	if err != nil {
		return "", "", err
	}
	defer body.Close()
	var r release
	if err := json.NewDecoder(io.LimitReader(body, 1<<20)).Decode(&r); err != nil {
		return "", "", fmt.Errorf("%s%s: %w", address, releaseVersion, err)
	}
	var names []string
	for _, asset := range r.Assets {
		if asset.Name == cpuAsset() {
			return asset.URL, strings.TrimPrefix(asset.Digest, "sha256:"), nil
		}
		names = append(names, asset.Name)
	}
	return "", "", fmt.Errorf("release %s has no %s, but %s", releaseVersion, cpuAsset(), strings.Join(names, ", "))
}
