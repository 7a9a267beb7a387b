// Package kubernetes writes a plan's jobs as Indexed Jobs of Kubernetes: one for the jobs of a level of the plan that need
// the same resources, one pod a job. Kubernetes knows no order among Jobs, so that a pod whose job needs another waits for
// it in the store a while and then ends with a status that the Job's failure policy retries.
package kubernetes
