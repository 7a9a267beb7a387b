// Package slurm hands a plan's jobs to Slurm as job arrays and tells what has become of them. It calls sbatch, squeue and
// sacct, and keeps what it has sent below one folder, shared with the store, by which a later call knows a task of an array
// as a job of a plan: the array's name is the folder's and the array's number, and the file jobs-NUMBER lists the jobs.
//
// A job that a signal stops ends with status 75, and its task is put back into the queue by its own script.
package slurm
