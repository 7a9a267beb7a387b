package kubernetes

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/yaml"
)

// Write prints the objects as YAML documents, without the state that only a cluster fills in.
func Write(out io.Writer, jobs []batchv1.Job) error {
	for i := range jobs {
		data, err := json.Marshal(jobs[i])
		if err != nil {
			return err
		}
		var object map[string]any
		if err := json.Unmarshal(data, &object); err != nil {
			return err
		}
		delete(object, "status")
		text, err := yaml.Marshal(object)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "---\n%s", text); err != nil {
			return err
		}
	}
	return nil
}

// kustomization is the base's own file: one resource, to be patched by overlays.
const kustomization = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- jobs.yaml
`

// WriteBase writes the objects as a kustomize base: kustomization.yaml and jobs.yaml.
func WriteBase(dir string, jobs []batchv1.Job) error {
	var text strings.Builder
	if err := Write(&text, jobs); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "jobs.yaml"), []byte(text.String()), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(kustomization), 0o644)
}
