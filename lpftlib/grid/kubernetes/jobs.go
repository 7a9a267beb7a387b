package kubernetes

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"lpft/lpftlib/grid"
)

// Options say where and with what pods run.
type Options struct {
	Image, Namespace string
	Claim            string            // PersistentVolumeClaim with the store; "": each pod has a store of its own, before a bucket
	Mount            string            // where it is mounted: LPFT_HOME
	Env              map[string]string // more environment
	Secret           string            // Secret whose entries are environment too, as credentials are; "": none
	Selector         map[string]string // labels of nodes
	Requests         map[string]string // of every pod, by resource: cpu, memory
	GPU              map[string]string // further limits of a pod that needs a GPU
	Max              int               // pods of a Job at a time; 0: no limit
	Arguments        []string          // that every job gets besides the plan's
}

// Exit statuses of lpft job that the failure policy knows.
const (
	needsAnother = 69 // another job must be done first
	stopped      = 75 // its state is kept
	wrongRequest = 78 // it would fail again
)

// maxIndex bounds the pods of a Job: their jobs' ids are an environment variable.
const maxIndex = 1000

// retries is how often a job may fail by itself: disruptions and waiting do not count.
const retries = 2

// Jobs makes the objects for those jobs that are not done.
func Jobs(jobs []grid.Job, opt Options) ([]batchv1.Job, error) {
	if opt.Image == "" {
		return nil, fmt.Errorf("no image: --image names one with lpft in it (docker/Dockerfile makes it)")
	}
	if opt.Claim == "" && opt.Env["LPFT_REMOTE"] == "" {
		return nil, fmt.Errorf("pods share nothing: --claim names a claim that all nodes may write, or --env LPFT_REMOTE=URL a bucket")
	}
	type sort struct {
		level int
		gpu   bool
	}
	var order []sort
	groups := map[sort][]grid.Job{}
	for _, j := range jobs {
		if j.Done {
			continue
		}
		s := sort{j.Level, j.GPU}
		if groups[s] == nil {
			order = append(order, s)
		}
		groups[s] = append(groups[s], j)
	}
	var out []batchv1.Job
	for _, s := range order {
		for part := range slices.Chunk(groups[s], maxIndex) {
			job, err := indexed(part, opt)
			if err != nil {
				return nil, err
			}
			out = append(out, job)
		}
	}
	return out, nil
}

// indexed is one Indexed Job.
func indexed(jobs []grid.Job, opt Options) (batchv1.Job, error) {
	n := int32(len(jobs))
	at := n
	if opt.Max > 0 {
		at = min(n, int32(opt.Max))
	}
	pod, err := podOf(jobs, opt)
	if err != nil {
		return batchv1.Job{}, err
	}
	labels := map[string]string{"app.kubernetes.io/name": "lpft", "lpft/kind": jobs[0].Kind, "lpft/level": fmt.Sprint(jobs[0].Level)}
	return batchv1.Job{
		TypeMeta:   metav1.TypeMeta{APIVersion: batchv1.SchemeGroupVersion.String(), Kind: "Job"},
		ObjectMeta: metav1.ObjectMeta{Name: nameOf(jobs), Namespace: opt.Namespace, Labels: labels},
		Spec: batchv1.JobSpec{
			CompletionMode: pointer(batchv1.IndexedCompletion), Completions: &n, Parallelism: &at,
			BackoffLimitPerIndex: pointer(int32(retries)), MaxFailedIndexes: &n,
			PodReplacementPolicy: pointer(batchv1.Failed), // a checkpoint has one writer
			PodFailurePolicy:     failurePolicy(),
			Template:             corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod},
		},
	}, nil
}

// failurePolicy retries what a later attempt may finish, without counting it, and gives up what no attempt will.
func failurePolicy() *batchv1.PodFailurePolicy {
	status := func(action batchv1.PodFailurePolicyAction, values ...int32) batchv1.PodFailurePolicyRule {
		return batchv1.PodFailurePolicyRule{Action: action, OnExitCodes: &batchv1.PodFailurePolicyOnExitCodesRequirement{
			ContainerName: pointer(container), Operator: batchv1.PodFailurePolicyOnExitCodesOpIn, Values: values}}
	}
	return &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{
		status(batchv1.PodFailurePolicyActionFailJob, wrongRequest),
		status(batchv1.PodFailurePolicyActionIgnore, needsAnother, stopped),
		{Action: batchv1.PodFailurePolicyActionIgnore, OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{
			{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue}}},
	}}
}

// nameOf names a Job by its jobs, so that the same plan makes the same objects.
func nameOf(jobs []grid.Job) string {
	h := sha256.New()
	for _, j := range jobs {
		fmt.Fprintln(h, j.ID)
	}
	return fmt.Sprintf("lpft-%d-%s-%s", jobs[0].Level, strings.ToLower(jobs[0].Kind), hex.EncodeToString(h.Sum(nil))[:10])
}

func pointer[T any](v T) *T { return &v }
