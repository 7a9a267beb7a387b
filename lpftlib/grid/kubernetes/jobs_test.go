package kubernetes

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"lpft/lpftlib/grid"
)

func plan() []grid.Job {
	job := func(id, kind string, level int, gpu, done bool) grid.Job {
		return grid.Job{ID: id, Kind: kind, Level: level, GPU: gpu, Done: done, Command: []string{"lpft", "job", id, "--profile", "it's mine"}}
	}
	return []grid.Job{job("f1", "features", 0, true, false), job("f2", "features", 0, true, true), job("t1", "training", 1, true, false),
		job("t2", "training", 1, true, false), job("h1", "heads", 1, false, false), job("r", "report", 2, false, false)}
}

func options() Options {
	return Options{Image: "registry/lpft:1", Namespace: "paper", Claim: "lpft", Mount: "/lpft", Env: map[string]string{"LPFT_DATA": "/lpft/data"},
		Selector: map[string]string{"gpu": "a100"}, Requests: map[string]string{"cpu": "4", "memory": "16Gi"}, GPU: map[string]string{"nvidia.com/gpu": "1"},
		Max: 8, Arguments: []string{"--keep", "heads"}}
}

// printed are the objects as a cluster would read them: decoded strictly, so that a field that the API does not have, or has
// twice, is an error.
func printed(t *testing.T, jobs []batchv1.Job) []batchv1.Job {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, Write(&out, jobs))
	scheme := runtime.NewScheme()
	require.NoError(t, batchv1.AddToScheme(scheme))
	decoder := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
	var list []batchv1.Job
	for _, text := range strings.Split(out.String(), "---\n")[1:] {
		require.NotContains(t, text, "status:\n")
		object, _, err := decoder.Decode([]byte(text), nil, nil)
		require.NoError(t, err, text)
		list = append(list, *object.(*batchv1.Job))
	}
	return list
}

// Jobs of a level with the same needs are one Indexed Job; what is done is left out; what is printed passes the API's own
// decoder and those of its validations that can be imported.
func TestJobs(t *testing.T) {
	made, err := Jobs(plan(), options())
	require.NoError(t, err)
	list := printed(t, made)
	require.Len(t, list, 4)
	for _, j := range list {
		require.Empty(t, metavalidation.ValidateLabels(j.Labels, field.NewPath("metadata", "labels")))
		require.Empty(t, validation.ValidateObjectMeta(&j.ObjectMeta, true, validation.NameIsDNSSubdomain, field.NewPath("metadata")))
		require.Equal(t, corev1.RestartPolicyNever, j.Spec.Template.Spec.RestartPolicy, "a failure policy takes it")
		require.Equal(t, batchv1.IndexedCompletion, *j.Spec.CompletionMode)
		require.NotNil(t, j.Spec.BackoffLimitPerIndex)
		for _, rule := range j.Spec.PodFailurePolicy.Rules {
			if rule.OnExitCodes != nil {
				require.Equal(t, j.Spec.Template.Spec.Containers[0].Name, *rule.OnExitCodes.ContainerName)
				require.IsIncreasing(t, append([]int32{0}, rule.OnExitCodes.Values...))
			}
		}
	}
	training := list[1]
	require.EqualValues(t, 2, *training.Spec.Completions)
	c := training.Spec.Template.Spec.Containers[0]
	require.Equal(t, "1", c.Resources.Limits.Name("nvidia.com/gpu", "").String())
	require.Equal(t, c.Resources.Limits, c.Resources.Requests)
	require.Contains(t, c.Env, corev1.EnvVar{Name: "LPFT_JOBS", Value: "t1 t2"})
	require.Contains(t, c.Command[2], `exec lpft job "$id" '--profile' 'it'\''s mine' '--keep' 'heads'`)
	_, gpu := list[2].Spec.Template.Spec.Containers[0].Resources.Limits["nvidia.com/gpu"]
	require.False(t, gpu, "heads need none")

	again, err := Jobs(plan(), options())
	require.NoError(t, err)
	require.Equal(t, made, again)
}

// The statuses of lpft job: waiting and stopping are retried for nothing, a wrong request ends the Job, anything else counts.
func TestFailurePolicy(t *testing.T) {
	actions := map[int32]batchv1.PodFailurePolicyAction{}
	for _, rule := range failurePolicy().Rules {
		if rule.OnExitCodes != nil {
			for _, status := range rule.OnExitCodes.Values {
				actions[status] = rule.Action
			}
		}
	}
	require.Equal(t, map[int32]batchv1.PodFailurePolicyAction{69: "Ignore", 75: "Ignore", 78: "FailJob"}, actions)
}

// A typo in the objects would be found.
func TestStrictDecodingFindsTypos(t *testing.T) {
	var job batchv1.Job
	require.ErrorContains(t, yaml.UnmarshalStrict([]byte("spec: {completion: 3}"), &job), "completion")
}

// Without a claim each pod has a store of its own before a bucket, and gets the credentials from a Secret.
func TestJobsBeforeABucket(t *testing.T) {
	opt := options()
	opt.Claim, opt.Secret = "", "bucket"
	_, err := Jobs(plan(), opt)
	require.ErrorContains(t, err, "--env LPFT_REMOTE=URL")
	opt.Env["LPFT_REMOTE"] = "s3://lab/lpft"
	made, err := Jobs(plan(), opt)
	require.NoError(t, err)
	for _, j := range printed(t, made) {
		pod := j.Spec.Template.Spec
		require.NotNil(t, pod.Volumes[0].EmptyDir)
		require.Nil(t, pod.Volumes[0].PersistentVolumeClaim)
		require.Equal(t, "bucket", pod.Containers[0].EnvFrom[0].SecretRef.Name)
		require.Contains(t, pod.Containers[0].Env, corev1.EnvVar{Name: "LPFT_REMOTE", Value: "s3://lab/lpft"})
	}
}

func TestJobsRefused(t *testing.T) {
	_, err := Jobs(plan(), Options{})
	require.ErrorContains(t, err, "--image")
	opt := options()
	opt.Requests["memory"] = "much"
	_, err = Jobs(plan(), opt)
	require.ErrorContains(t, err, "memory=much")
}

func TestWriteBase(t *testing.T) {
	made, err := Jobs(plan(), options())
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "base")
	require.NoError(t, WriteBase(dir, made))
	text, err := os.ReadFile(filepath.Join(dir, "kustomization.yaml"))
	require.NoError(t, err)
	var k struct{ Resources []string }
	require.NoError(t, yaml.Unmarshal(text, &k))
	for _, name := range k.Resources {
		require.FileExists(t, filepath.Join(dir, name))
	}
}
