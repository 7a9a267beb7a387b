package kubernetes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"lpft/lpftlib/grid"
)

const (
	container = "lpft"
	volume    = "store"
	grace     = 120 // seconds between SIGTERM and the end: enough to write a checkpoint
)

// start picks the pod's job by its index; the job is the container's first process, so that it gets the signals.
const start = `set -- $LPFT_JOBS; shift "$JOB_COMPLETION_INDEX"; id=$1; exec lpft job "$id" `

// podOf is the pod of each of some jobs.
func podOf(jobs []grid.Job, opt Options) (corev1.PodSpec, error) {
	resources, err := resourcesOf(jobs[0].GPU, opt)
	if err != nil {
		return corev1.PodSpec{}, err
	}
	var ids []string
	for _, j := range jobs {
		ids = append(ids, j.ID)
	}
	env := []corev1.EnvVar{{Name: "LPFT_HOME", Value: opt.Mount}, {Name: "LPFT_JOBS", Value: strings.Join(ids, " ")}}
	for _, name := range slices.Sorted(maps.Keys(opt.Env)) {
		env = append(env, corev1.EnvVar{Name: name, Value: opt.Env[name]})
	}
	store := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
	if opt.Claim != "" {
		store = corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: opt.Claim}}
	}
	var secret []corev1.EnvFromSource
	if opt.Secret != "" {
		secret = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: opt.Secret}}}}
	}
	return corev1.PodSpec{
		RestartPolicy:                 corev1.RestartPolicyNever, // the failure policy decides
		TerminationGracePeriodSeconds: pointer(int64(grace)),
		NodeSelector:                  opt.Selector,
		Containers: []corev1.Container{{
			Name: container, Image: opt.Image, Command: []string{"/bin/sh", "-c", start + quoted(jobs[0], opt.Arguments)}, Env: env, EnvFrom: secret, Resources: resources,
			VolumeMounts: []corev1.VolumeMount{{Name: volume, MountPath: opt.Mount}},
		}},
		Volumes: []corev1.Volume{{Name: volume, VolumeSource: store}},
	}, nil
}

// quoted are the arguments that all jobs of a plan share, as words of a shell.
func quoted(job grid.Job, more []string) string {
	var words []string
	for _, arg := range slices.Concat(job.Command[3:], more) {
		words = append(words, "'"+strings.ReplaceAll(arg, "'", `'\''`)+"'")
	}
	return strings.Join(words, " ")
}

// resourcesOf are a pod's requests, which are its limits too, and with a GPU that.
func resourcesOf(gpu bool, opt Options) (corev1.ResourceRequirements, error) {
	amounts := maps.Clone(opt.Requests)
	if amounts == nil {
		amounts = map[string]string{}
	}
	if gpu {
		maps.Copy(amounts, opt.GPU)
	}
	list := corev1.ResourceList{}
	for name, text := range amounts {
		amount, err := resource.ParseQuantity(text)
		if err != nil {
			return corev1.ResourceRequirements{}, fmt.Errorf("resource %s=%s: %w: expected a quantity as 4 or 32Gi", name, text, err)
		}
		list[corev1.ResourceName(name)] = amount
	}
	return corev1.ResourceRequirements{Requests: list, Limits: list}, nil
}
