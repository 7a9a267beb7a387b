// Package grid shares a study's plan out among machines: it makes jobs of planned steps, says in which order they may be
// done and how long that takes on so many devices, and writes them as a scheduler reads them. It computes nothing, opens
// no engine and starts no scheduler.
//
// A job is as much as is sensible to do in one process: the pre-trained model's features of a task with its linear probes;
// one training with its features and measures; a task's kernels with their statistics; the report, last. Jobs depend on
// each other through the store alone, so one needs another when a step of it reads the result of a step of the other.
package grid
