package backend

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// DeviceVar names, by its number from 0, the one device that this process computes on: a card,
// or one of the processor's devices that XLA_FLAGS=--xla_force_host_platform_device_count=N makes.
const DeviceVar = "LPFT_DEVICE"

// request is what a caller asks for: an engine, go-xla's options for it, and a device.
type request struct {
	spec    string // as it was written
	engine  string
	options []string // "tf32=true", …
	device  int      // -1: any, which is the first
}

// options are go-xla's, of which any may be written behind the engine: xla:cuda,tf32=true.
var options = []string{"allocator", "device", "memory_fraction", "preallocate", "shared_buffers", "tf32", "use_tfrt_gpu_client", "visible_devices"}

// parse reads "xla:cuda,tf32=true,device=1".
func parse(spec string) (request, error) {
	parts := strings.Split(spec, ",")
	r := request{spec: spec, engine: parts[0], device: -1}
	if !slices.Contains(Known(), r.engine) {
		return r, fmt.Errorf("backend %q: %w: there are %s", spec, ErrUnknown, listEngines())
	}
	if text := os.Getenv(DeviceVar); text != "" {
		if err := r.setDevice(DeviceVar, text); err != nil {
			return r, err
		}
	}
	for _, part := range parts[1:] {
		key, value, _ := strings.Cut(part, "=")
		if r.engine == "go" || !slices.Contains(options, strings.TrimPrefix(key, "no")) && !slices.Contains(options, key) {
			return r, fmt.Errorf("backend %q: %w: option %q; the xla engines have %s", spec, ErrUnknown, key, strings.Join(options, ", "))
		}
		if key != "device" {
			r.options = append(r.options, part)
			continue
		}
		if err := r.setDevice("device", value); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r *request) setDevice(name, text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return fmt.Errorf("%s=%s: %w: expected a number from 0", name, text, ErrNoDevice)
	}
	r.device = n
	return nil
}

// asks tells whether the request sets an option, in either spelling.
func (r request) asks(key string) bool {
	return slices.ContainsFunc(r.options, func(o string) bool {
		name, _, _ := strings.Cut(o, "=")
		return name == key || name == "no"+key
	})
}

// config is what go-xla is asked for. The plugin is named by its path: go-xla then loads this
// one file and no other. It tells a plugin's kind from its name, which is here a whole path, so
// what hangs on the kind is said: exact products (see [Backend.TF32]), and buffers shared with
// the host on the processor only. A card's memory is taken as it is needed, not most of it at
// once: several notebooks may share a card.
func (r request) config(path string) string {
	parts := []string{"xla:" + path}
	if !r.asks("shared_buffers") {
		parts = append(parts, fmt.Sprintf("shared_buffers=%v", r.engine == "xla:cpu"))
	}
	if !r.asks("tf32") {
		parts = append(parts, "tf32=false")
	}
	if r.engine == "xla:cpu" {
		parts = append(parts, fmt.Sprintf("%s=%d", deviceCount, hostDevices()))
	}
	if r.engine == "xla:cuda" && !r.asks("preallocate") {
		parts = append(parts, "preallocate=false")
	}
	if r.engine == "xla:cuda" && r.device >= 0 {
		parts = append(parts, fmt.Sprintf("visible_devices=%d", r.device))
	}
	return strings.Join(append(parts, r.options...), ",")
}

// deviceCount is the option of the processor's plugin that says how many devices the processor is to be.
const deviceCount = "cpu_device_count"

// hostDevices is that number. Left to itself OpenXLA's plugin makes four devices of every processor, with
// threads for four, and does not read the flag that JAX's users know.
func hostDevices() int {
	for _, word := range strings.Fields(os.Getenv("XLA_FLAGS")) {
		if text, ok := strings.CutPrefix(word, "--xla_force_host_platform_device_count="); ok {
			if n, err := strconv.Atoi(text); err == nil && n > 0 {
				return n
			}
		}
	}
	return 1
}

// checkCard says why no card can be used, before anything is loaded.
func (r request) checkCard() error {
	cards, _ := filepath.Glob("/dev/nvidia[0-9]*")
	if len(cards) == 0 {
		if inContainer() {
			return fmt.Errorf("%w in this container; with one in the machine, start it with --gpus all", ErrNoCard)
		}
		return ErrNoCard
	}
	if r.device >= len(cards) {
		return fmt.Errorf("%w: card %d of %d, counted from 0", ErrNoDevice, r.device, len(cards))
	}
	if r.device >= 0 && r.asks("visible_devices") {
		return fmt.Errorf("backend %q: %w: visible_devices and a device (%s) exclude each other", r.spec, ErrUnknown, DeviceVar)
	}
	return nil
}

func inContainer() bool {
	for _, mark := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(mark); err == nil {
			return true
		}
	}
	return false
}
